-- What differs between two states of the units (two days, or two versions of a dataset), in one row of JSON columns.
-- before_ids, before_names  dataset versions, and the dataset that each is compared as
-- before_day                day on which the units are valid
-- after_ids, after_names, after_day  likewise for the other state
-- noise_m2                  smaller parts come from rounding and are left out
-- Units are compared by code within their dataset; ground passes between units of one dataset and level.
-- MATERIALIZED: each state is read several times below, and is small beside the geometry work.
WITH before AS MATERIALIZED (
    SELECT s.dataset, u.id, u.code, u.name, u.level, u.valid, u.geom
    FROM unnest(CAST(:before_ids AS bigint[]), CAST(:before_names AS text[])) AS s (source_id, dataset)
    JOIN unit u ON u.source_id = s.source_id
    WHERE u.valid @> CAST(:before_day AS date)
), after AS MATERIALIZED (
    SELECT s.dataset, u.id, u.code, u.name, u.level, u.valid, u.geom
    FROM unnest(CAST(:after_ids AS bigint[]), CAST(:after_names AS text[])) AS s (source_id, dataset)
    JOIN unit u ON u.source_id = s.source_id
    WHERE u.valid @> CAST(:after_day AS date)
), changed AS MATERIALIZED (
    SELECT dataset, code, b.id AS before_id, a.id AS after_id,
           b.level IS DISTINCT FROM a.level OR b.geom IS DISTINCT FROM a.geom AS redrawn
    FROM before b FULL JOIN after a USING (dataset, code)
    WHERE b.id IS NULL OR a.id IS NULL OR b.name <> a.name OR b.level <> a.level OR b.geom IS DISTINCT FROM a.geom
), given AS (
    SELECT b.* FROM before b JOIN changed c ON c.before_id = b.id WHERE c.redrawn AND b.geom IS NOT NULL
), taken AS (
    SELECT a.* FROM after a JOIN changed c ON c.after_id = a.id WHERE c.redrawn AND a.geom IS NOT NULL
), part AS (
    SELECT g.dataset, g.code AS giver, g.name AS giver_name, t.code AS taker, t.name AS taker_name,
           ST_Intersection(g.geom, t.geom) AS geom
    FROM given g JOIN taken t
      ON t.dataset = g.dataset AND t.level = g.level AND t.code <> g.code AND t.geom && g.geom
    UNION ALL
    SELECT g.dataset, g.code, g.name, NULL, NULL, coalesce(ST_Difference(g.geom, o.geom), g.geom)
    FROM given g CROSS JOIN LATERAL (
        SELECT ST_Union(a.geom) AS geom FROM after a
        WHERE a.dataset = g.dataset AND a.level = g.level AND a.geom && g.geom
    ) o
    UNION ALL
    SELECT t.dataset, NULL, NULL, t.code, t.name, coalesce(ST_Difference(t.geom, o.geom), t.geom)
    FROM taken t CROSS JOIN LATERAL (
        SELECT ST_Union(b.geom) AS geom FROM before b
        WHERE b.dataset = t.dataset AND b.level = t.level AND b.geom && t.geom
    ) o
), exchange AS (
    SELECT dataset, giver, giver_name, taker, taker_name,
           ST_Area(ST_CollectionExtract(geom, 3)::geography) AS area_m2
    FROM part
)
SELECT
    (SELECT json_agg(json_build_object(
        'dataset', c.dataset, 'code', c.code, 'redrawn', c.redrawn,
        'before_id', c.before_id, 'before', CASE WHEN b.id IS NOT NULL THEN json_build_object(
            'name', b.name, 'level', b.level, 'area_m2', ST_Area(b.geom::geography),
            'begins', lower(b.valid), 'ends', upper(b.valid)) END,
        'after_id', c.after_id, 'after', CASE WHEN a.id IS NOT NULL THEN json_build_object(
            'name', a.name, 'level', a.level, 'area_m2', ST_Area(a.geom::geography),
            'begins', lower(a.valid), 'ends', upper(a.valid)) END))
     FROM changed c LEFT JOIN before b ON b.id = c.before_id LEFT JOIN after a ON a.id = c.after_id) AS units,
    (SELECT json_agg(row_to_json(exchange) ORDER BY area_m2 DESC, giver, taker)
     FROM exchange WHERE area_m2 >= :noise_m2) AS exchanges
