-- All that a verdict on a point needs, in one row of JSON columns.
-- lon lat  CGCS2000 degrees     as_of  day     kx ky  metres per degree there
-- accuracy_m  68 % radius of the position     sigmas, outlier_sigmas, outlier_factor  search radius (geo.measure.Spread)
-- source_ids  dataset versions to use, NULL for the current ones     tie  degrees within which a border decides exactly
-- Pieces find candidates and answer inside; within tie of a piece's edge the whole geometry decides,
-- so that cutting an area small never moves its border.
WITH place AS (
    SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS geom
),
-- include parts/sources.sql
unit_hit AS MATERIALIZED (
    -- covers has two parts. Clear of every cut edge a piece's answer is final; within tie of one (1e-9 degrees is
    -- 0.1 mm) the whole geometry is asked, since ST_Subdivide rounds the vertices that it adds
    SELECT u.id, u.source_id, u.code, u.name, u.level, u.geom, upper(u.valid) AS ends,
           array_agg(encode(ST_AsBinary(p.geom), 'hex')) AS pieces,
           bool_or(ST_Covers(p.geom, place.geom) AND NOT ST_DWithin(ST_Boundary(p.geom), place.geom, :tie))
           OR (bool_or(ST_DWithin(p.geom, place.geom, :tie)) AND ST_Covers(u.geom, place.geom)) AS covers
    FROM place
    CROSS JOIN src s
    CROSS JOIN LATERAL (
        SELECT q.unit_id, q.geom FROM unit_piece q
        WHERE q.source_id = s.id
          AND q.geom && ST_Expand(place.geom, s.spread_m / :kx + :tie, s.spread_m / :ky + :tie)
    ) p
    JOIN unit u ON u.id = p.unit_id
    WHERE s.role = 'units' AND u.valid @> CAST(:as_of AS date)
    GROUP BY u.id, place.geom
),
-- include parts/elsewhere.sql
zone_hit AS MATERIALIZED (
    SELECT z.id, z.source_id, z.code, z.kind, z.grade, z.name,
           array_agg(encode(ST_AsBinary(p.geom), 'hex')) FILTER (WHERE p.distance_m <= p.spread_m) AS pieces,
           bool_or(ST_Covers(p.geom, place.geom) AND NOT ST_DWithin(ST_Boundary(p.geom), place.geom, :tie))
           OR (bool_or(ST_DWithin(p.geom, place.geom, :tie)) AND ST_Covers(z.geom, place.geom)) AS covers,
           min(p.distance_m) AS distance_m
    FROM place
    CROSS JOIN src s
    CROSS JOIN LATERAL (
        SELECT q.zone_id, q.geom, s.spread_m,
               ST_Distance(ST_Scale(q.geom, :kx, :ky), ST_Scale(place.geom, :kx, :ky)) AS distance_m
        FROM zone_piece q
        CROSS JOIN (SELECT greatest(s.spread_m, coalesce((SELECT max(near_m) FROM near), 0)) AS m) AS r
        WHERE q.source_id = s.id
          AND q.geom && ST_Expand(place.geom, r.m / :kx + :tie, r.m / :ky + :tie)
    ) p
    JOIN zone z ON z.id = p.zone_id
    LEFT JOIN near n ON n.kind = z.kind
    WHERE s.role = 'zones' AND z.valid @> CAST(:as_of AS date)
      AND p.distance_m <= greatest(s.spread_m, coalesce(n.near_m, 0))
    GROUP BY z.id, place.geom
), permit_hit AS (
    SELECT p.source_id, p.number, p.holder, p.uses, p.zone_kinds, lower(p.valid) AS begins, upper(p.valid) AS ends,
           ST_Distance(ST_Scale(ST_Boundary(p.geom), :kx, :ky), ST_Scale(place.geom, :kx, :ky)) AS edge_m
    FROM place CROSS JOIN src s JOIN permit p ON p.source_id = s.id
    WHERE s.role = 'permits' AND p.geom && place.geom AND ST_Covers(p.geom, place.geom)
), cell AS (
    SELECT c.code, c.name, c.worker, c.team, c.township, c.source_id
    FROM place CROSS JOIN src s JOIN grid_cell c ON c.source_id = s.id
    WHERE s.role = 'grid' AND c.valid @> CAST(:as_of AS date)
      AND c.geom && place.geom AND ST_Covers(c.geom, place.geom)
)
SELECT
-- include parts/select_sources.sql
    (SELECT json_agg(json_build_object(
        'source_id', h.source_id, 'code', h.code, 'name', h.name, 'level', h.level, 'ends', h.ends,
        'covers', h.covers, 'pieces', h.pieces,
        'edge_m', CASE WHEN h.covers THEN
            ST_Distance(ST_Scale(ST_Boundary(h.geom), :kx, :ky), ST_Scale(place.geom, :kx, :ky)) END)
        ORDER BY h.code, h.source_id) FROM unit_hit h) AS units,
    (SELECT json_agg(row_to_json(elsewhere)) FROM elsewhere) AS elsewhere,
    CASE WHEN NOT EXISTS (SELECT FROM unit_hit WHERE covers) THEN (
-- include parts/select_nearest.sql
    ) END AS outside_m,
    (SELECT json_agg(json_build_object(
        'source_id', source_id, 'id', code, 'kind', kind, 'grade', grade, 'name', name, 'covers', covers,
        'distance_m', distance_m, 'near_m', (SELECT near_m FROM near WHERE near.kind = zone_hit.kind),
        'pieces', coalesce(pieces, '{}')) ORDER BY code, source_id) FROM zone_hit) AS zones,
    (SELECT json_agg(json_build_object(
        'code', code, 'name', name, 'worker', worker, 'team', team, 'township', township, 'source_id', source_id)
        ORDER BY code) FROM cell) AS cells,
    (SELECT json_agg(json_build_object(
        'source_id', source_id, 'number', number, 'holder', holder, 'uses', uses, 'zone_kinds', zone_kinds,
        'begins', begins, 'ends', ends, 'edge_m', edge_m) ORDER BY number, begins) FROM permit_hit) AS permits
FROM place
