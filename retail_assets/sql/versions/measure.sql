count(*) FILTER (WHERE is_before AND is_after AND ${before} IS DISTINCT FROM ${after}),
    sum(${exact_before}),
    sum(${exact_after}),
    max({difference: ${difference}, date: date, key_value: key_value}) FILTER (WHERE ${difference} > 0)
