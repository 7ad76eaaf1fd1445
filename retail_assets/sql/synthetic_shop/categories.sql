-- The shop's categories. traffic: parts of the sessions; assortment: parts of the products;
-- peak_month: when the category sells best (NULL: all year round).
CREATE TABLE categories AS
WITH
coded (category_code, traffic, assortment, median_price, peak_month) AS (
    VALUES
        ('electronics.smartphone', 220, 30, 280, 11),
        ('electronics.clocks', 34, 40, 170, 12),
        ('electronics.audio.headphone', 42, 40, 60, 12),
        ('electronics.audio.acoustic', 9, 20, 55, NULL),
        ('electronics.audio.subwoofer', 6, 12, 95, NULL),
        ('electronics.audio.microphone', 2, 6, 48, NULL),
        ('electronics.audio.music_tools.piano', 2, 6, 340, NULL),
        ('electronics.video.tv', 33, 20, 390, 11),
        ('electronics.video.projector', 2, 6, 320, NULL),
        ('electronics.tablet', 12, 12, 210, 12),
        ('electronics.telephone', 10, 14, 30, NULL),
        ('electronics.camera.photo', 3, 8, 420, 6),
        ('electronics.camera.video', 3, 8, 260, 6),
        ('computers.notebook', 41, 30, 560, 9),
        ('computers.desktop', 14, 18, 480, 9),
        ('computers.ebooks', 2, 4, 130, NULL),
        ('computers.components.videocards', 6, 12, 240, NULL),
        ('computers.components.cpu', 3, 8, 180, NULL),
        ('computers.components.motherboard', 3, 12, 95, NULL),
        ('computers.components.memory', 3, 12, 55, NULL),
        ('computers.components.hdd', 4, 10, 70, NULL),
        ('computers.components.power_supply', 2, 8, 60, NULL),
        ('computers.peripherals.printer', 8, 14, 170, 9),
        ('computers.peripherals.monitor', 7, 14, 190, NULL),
        ('computers.peripherals.mouse', 5, 16, 22, NULL),
        ('computers.peripherals.keyboard', 3, 12, 32, NULL),
        ('appliances.kitchen.refrigerators', 24, 26, 470, 6),
        ('appliances.kitchen.washer', 26, 24, 300, NULL),
        ('appliances.kitchen.dishwasher', 5, 10, 340, NULL),
        ('appliances.kitchen.oven', 7, 16, 260, NULL),
        ('appliances.kitchen.hob', 6, 16, 190, NULL),
        ('appliances.kitchen.hood', 5, 14, 110, NULL),
        ('appliances.kitchen.microwave', 8, 14, 85, NULL),
        ('appliances.kitchen.blender', 6, 16, 45, NULL),
        ('appliances.kitchen.mixer', 4, 12, 40, NULL),
        ('appliances.kitchen.kettle', 6, 16, 30, 12),
        ('appliances.kitchen.coffee_machine', 5, 10, 330, 12),
        ('appliances.kitchen.meat_grinder', 5, 12, 75, NULL),
        ('appliances.environment.vacuum', 26, 26, 140, NULL),
        ('appliances.environment.air_conditioner', 5, 12, 320, 7),
        ('appliances.environment.air_heater', 7, 14, 48, 12),
        ('appliances.environment.water_heater', 8, 16, 120, 11),
        ('appliances.iron', 9, 18, 42, NULL),
        ('appliances.sewing_machine', 4, 8, 170, NULL),
        ('appliances.personal.hair_cutter', 3, 12, 35, NULL),
        ('appliances.personal.scales', 4, 10, 20, 1),
        ('furniture.living_room.sofa', 12, 30, 420, NULL),
        ('furniture.living_room.cabinet', 9, 40, 160, NULL),
        ('furniture.living_room.chair', 6, 26, 90, NULL),
        ('furniture.bedroom.bed', 11, 34, 280, NULL),
        ('furniture.bedroom.blanket', 4, 24, 38, 11),
        ('furniture.kitchen.table', 5, 24, 130, NULL),
        ('furniture.bathroom.bath', 5, 18, 150, NULL),
        ('furniture.bathroom.toilet', 3, 14, 120, NULL),
        ('apparel.shoes', 19, 80, 68, 10),
        ('apparel.shoes.keds', 12, 60, 62, 5),
        ('apparel.shoes.sandals', 4, 34, 44, 6),
        ('apparel.trousers', 3, 24, 48, NULL),
        ('apparel.shirt', 3, 26, 34, NULL),
        ('apparel.tshirt', 3, 26, 22, 7),
        ('apparel.costume', 4, 28, 90, NULL),
        ('apparel.dress', 3, 26, 58, 5),
        ('auto.accessories.player', 9, 16, 110, NULL),
        ('auto.accessories.alarm', 6, 10, 120, NULL),
        ('auto.accessories.videoregister', 4, 10, 85, NULL),
        ('auto.accessories.compressor', 4, 12, 45, NULL),
        ('kids.carriage', 12, 20, 210, 4),
        ('kids.toys', 9, 44, 38, 12),
        ('kids.dolls', 2, 16, 30, 12),
        ('kids.skates', 2, 10, 48, 12),
        ('kids.swing', 2, 10, 90, 6),
        ('construction.tools.light', 14, 40, 55, 11),
        ('construction.tools.drill', 9, 24, 90, NULL),
        ('construction.tools.saw', 4, 16, 130, 5),
        ('construction.tools.generator', 3, 10, 290, NULL),
        ('construction.tools.welding', 4, 12, 160, NULL),
        ('construction.components.faucet', 4, 24, 60, NULL),
        ('sport.bicycle', 7, 18, 230, 5),
        ('sport.trainer', 4, 12, 280, 1),
        ('sport.ski', 1, 8, 180, 12),
        ('sport.tennis', 1, 8, 60, 6),
        ('country_yard.lawn_mower', 2, 8, 220, 5),
        ('country_yard.furniture.hammok', 1, 6, 48, 6),
        ('accessories.bag', 6, 34, 42, NULL),
        ('accessories.wallet', 2, 16, 34, 12),
        ('accessories.umbrella', 1, 10, 20, 10),
        ('medicine.tools.tonometer', 2, 6, 38, NULL),
        ('stationery.cartrige', 3, 16, 28, 9)
),

-- Real shops leave many categories without a code.
uncoded AS (
    SELECT
        NULL AS category_code,
        pick(
            ['electronics', 'computers', 'appliances', 'furniture', 'apparel', 'auto', 'kids', 'construction', 'other'],
            number,
            'uncoded department'
        ) AS department,
        1200 // (number + 4) AS traffic,
        10 + draw(number, 'uncoded assortment', 50) AS assortment,
        pick([28, 45, 70, 110, 160, 240, 380], number, 'uncoded price') AS median_price,
        NULL AS peak_month
    FROM range(44) AS uncoded (number)
),

numbered AS (
    SELECT
        *,
        row_number() OVER (ORDER BY category_code IS NULL, assortment DESC, traffic DESC, category_code) - 1 AS category
    FROM (
        SELECT *, split_part(category_code, '.', 1) AS department FROM coded
        UNION ALL BY NAME
        SELECT * FROM uncoded
    )
),

-- Products stand on numbered slots, a category's slots side by side: two thirds coded, one third not.
reached AS (
    SELECT
        *,
        if(category_code IS NULL, 0, 1) AS is_coded,
        getvariable('products') // 3 AS uncoded_slots,
        if(category_code IS NULL, uncoded_slots, getvariable('products') - uncoded_slots) AS group_slots,
        if(category_code IS NULL, getvariable('products') - uncoded_slots, 0) AS group_start,
        sum(assortment) OVER (PARTITION BY is_coded ORDER BY category) AS assortment_so_far,
        sum(assortment) OVER (PARTITION BY is_coded) AS group_assortment
    FROM numbered
)

SELECT
    category,
    (2053013552000000000 + category * 100000000 + draw(category, 'category_id', 100000000))::VARCHAR AS category_id,
    category_code,
    department,
    traffic,
    median_price,
    peak_month,
    (group_start + group_slots * (assortment_so_far - assortment) // group_assortment)::BIGINT AS first_slot,
    (group_start + group_slots * assortment_so_far // group_assortment)::BIGINT - first_slot AS slots
FROM reached
ORDER BY category;

-- A dial of 3,000 positions for each month: 2,000 shared by the coded categories by traffic and season, 1,000 by the
-- others. To draw a position is to draw a category.
CREATE TABLE dial AS
WITH
seasons AS (
    SELECT
        category_code IS NOT NULL AS is_coded,
        month,
        category,
        first_slot,
        slots,
        least((12 + month - peak_month) % 12, (12 + peak_month - month) % 12) AS months_off,
        traffic * coalesce([170, 145, 115, 95, 80, 70, 65][1 + months_off], 100) AS weight
    FROM categories, range(1, 13) AS months (month)
    WHERE slots > 0
),

sectors AS (
    SELECT
        *,
        if(is_coded, 2000, 1000) AS positions,
        sum(weight) OVER (PARTITION BY is_coded, month ORDER BY category) AS reach,
        sum(weight) OVER (PARTITION BY is_coded, month) AS total
    FROM seasons
)

SELECT
    (month * 3000 + unnest(range(
        if(is_coded, 0, 2000) + (positions * (reach - weight) // total)::BIGINT,
        if(is_coded, 0, 2000) + (positions * reach // total)::BIGINT
    )))::INTEGER AS position,
    first_slot,
    slots,
    zipf_span(slots) AS span
FROM sectors;
