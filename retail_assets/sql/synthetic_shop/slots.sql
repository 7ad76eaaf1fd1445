-- Well-known names by department, the most popular first.
CREATE TABLE brands AS
SELECT *
FROM (
    VALUES
        (
            'electronics',
            [
                'samsung', 'apple', 'xiaomi', 'huawei', 'oppo', 'sony', 'lg',
                'jbl', 'artel', 'casio', 'nokia', 'canon'
            ]
        ),
        (
            'computers',
            [
                'lenovo', 'acer', 'asus', 'hp', 'apple', 'dell', 'pulser',
                'msi', 'logitech', 'gigabyte', 'canon', 'epson'
            ]
        ),
        (
            'appliances',
            [
                'lg', 'bosch', 'samsung', 'indesit', 'beko', 'midea', 'redmond',
                'tefal', 'elenberg', 'philips', 'polaris', 'ariston'
            ]
        ),
        ('furniture', ['brw', 'sv', 'dauscher', 'santeri', 'askona', 'sonata', 'laska', 'mebelson']),
        ('apparel', ['respect', 'baden', 'rooman', 'tamaris', 'nike', 'strobbs', 'caprice', 'adidas']),
        ('auto', ['starline', 'pioneer', 'alpine', 'aura', 'sho-me', 'airline']),
        ('kids', ['lego', 'cam', 'tutis', 'chicco', 'tega', 'barbie']),
        ('construction', ['makita', 'bosch', 'dewalt', 'lucente', 'interskol', 'metabo', 'stihl']),
        ('other', ['luminarc', 'nokian', 'creed', 'stels', 'omron', 'pioneer', 'intex', 'coleman'])
) AS brands (department, names);

-- A slot is a place on the shelf and a rank of popularity within its category. One product after another holds it:
-- each is retired after the slot's lifetime (in days) and followed by a new one.
CREATE TABLE slots AS
WITH
laid_out AS (
    SELECT *, unnest(range(first_slot, first_slot + slots)) AS slot
    FROM categories
),

stocked AS (
    SELECT
        laid_out.*,
        coalesce(own.names, other.names) AS names,
        -- Spread evenly over the ranks, so that popular products do not sway the share of events without a brand.
        ((slot - first_slot) * 0.6180339887 + chance(category, 'brandless')) % 1 < 1 / 7 AS is_brandless
    FROM laid_out
    LEFT JOIN brands AS own ON own.department = laid_out.department
    JOIN brands AS other ON other.department = 'other'
)

SELECT
    slot::INTEGER AS slot,
    category_id,
    category_code,
    CASE
        WHEN is_brandless THEN NULL
        WHEN chance(slot, 'is well known') < 0.7 THEN
            names[1 + zipf(len(names), zipf_span(len(names)), chance(slot, 'well known'))]
        -- Three syllables of twelve each make 1,728 little-known names.
        ELSE
            pick(['al', 'be', 'do', 'el', 'fi', 'ka', 'lu', 'mo', 'ni', 'ro', 'so', 'vi'], slot, 'brand begins')
            || pick(['ba', 'da', 'ge', 'ko', 'la', 'me', 'na', 'ri', 'so', 'ta', 'vo', 'za'], slot, 'brand goes on')
            || pick(['don', 'lex', 'ma', 'mix', 'nor', 'ra', 'ro', 'sta', 'tek', 'ton', 'va', 'x'], slot, 'brand ends')
    END AS brand,
    round(100 * median_price * exp(0.6 * normal(slot, 'price')))::BIGINT AS list_cents,
    120 + (1500 * pow(chance(slot, 'lifetime'), 2))::BIGINT AS lifetime,
    draw(slot, 'phase', 2000) AS phase
FROM stocked
ORDER BY slot;

-- What slots have in common takes a byte or two in each event.
CREATE TYPE CATEGORY_ID AS ENUM (SELECT category_id FROM categories ORDER BY category);

CREATE TYPE CATEGORY_CODE AS ENUM (
    SELECT category_code FROM categories WHERE category_code IS NOT NULL ORDER BY category
);

CREATE TYPE BRAND AS ENUM (SELECT DISTINCT brand FROM slots WHERE brand IS NOT NULL ORDER BY brand);

ALTER TABLE slots ALTER category_id TYPE CATEGORY_ID;

ALTER TABLE slots ALTER category_code TYPE CATEGORY_CODE;

ALTER TABLE slots ALTER brand TYPE BRAND;
