-- Units that belong to the chain of a unit hit without being near the place: those above it, and its lines in
-- other datasets.
elsewhere AS MATERIALIZED (
    -- codes are prefixes of fixed lengths; city and province have also the form padded with zeros
    SELECT u.source_id, u.code, u.name, u.level, upper(u.valid) AS ends
    FROM (
        SELECT DISTINCT a.code FROM unit_hit h CROSS JOIN LATERAL (VALUES
            (h.code), (left(h.code, 2)), (left(h.code, 2) || '00'), (left(h.code, 2) || '0000'), (left(h.code, 4)),
            (left(h.code, 4) || '00'), (left(h.code, 6)), (left(h.code, 9)), (left(h.code, 12))) a (code)
    ) c
    JOIN unit u ON u.code = c.code JOIN src s ON s.id = u.source_id
    WHERE s.role = 'units' AND u.geom IS NOT NULL AND u.valid @> CAST(:as_of AS date)
      AND NOT EXISTS (SELECT FROM unit_hit h WHERE h.source_id = u.source_id AND h.code = u.code)
),
