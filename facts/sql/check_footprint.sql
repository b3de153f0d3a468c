-- All that a verdict on a footprint needs, in one row of JSON columns.
-- wkb  CGCS2000 polygon     as_of  day     kx ky  metres per degree there
-- accuracy_m  68 % radius of the position     sigmas, outlier_sigmas, outlier_factor  search radius (geo.measure.Spread)
-- source_ids  dataset versions to use, NULL for the current ones
-- margin_m  of the surroundings that areas are clipped to, beyond the search radius
-- Pieces find candidates; overlaps are measured from whole geometries clipped to the surroundings, by facts.overlap.
WITH place AS (
    SELECT ST_GeomFromWKB(:wkb, 4490) AS geom
),
-- include parts/sources.sql
unit_hit AS MATERIALIZED (
    -- distances are planar, of degrees scaled to metres at the place, as in memory (geo.measure.geodesic.Plane)
    SELECT u.source_id, u.code, u.name, u.level, upper(u.valid) AS ends, c.area,
           ST_Distance(ST_Scale(ST_Boundary(u.geom), :kx, :ky), ST_Scale(place.geom, :kx, :ky)) AS edge_m,
           EXISTS (SELECT FROM unit_piece q WHERE q.unit_id = u.id AND q.geom && place.geom
                   AND ST_Intersects(q.geom, place.geom)) AS meets
    FROM place CROSS JOIN src s JOIN unit u ON u.source_id = s.id
    CROSS JOIN LATERAL (
        SELECT ST_Expand(place.geom, (s.spread_m + :margin_m) / :kx, (s.spread_m + :margin_m) / :ky) AS box
    ) b
    CROSS JOIN LATERAL (SELECT ST_ClipByBox2D(u.geom, b.box::box2d) AS area) c
    WHERE s.role = 'units' AND u.valid @> CAST(:as_of AS date)
      AND EXISTS (SELECT FROM unit_piece q WHERE q.unit_id = u.id AND q.geom && b.box)
      AND ST_Distance(ST_Scale(c.area, :kx, :ky), ST_Scale(place.geom, :kx, :ky)) <= s.spread_m
),
-- include parts/elsewhere.sql
zone_hit AS MATERIALIZED (
    SELECT z.source_id, z.code, z.kind, z.grade, z.name, p.distance_m,
           CASE WHEN p.distance_m <= s.spread_m THEN ST_ClipByBox2D(z.geom, ST_Expand(
               place.geom, (s.spread_m + :margin_m) / :kx, (s.spread_m + :margin_m) / :ky)::box2d) END AS area,
           ST_Distance(ST_Scale(ST_Boundary(z.geom), :kx, :ky), ST_Scale(place.geom, :kx, :ky)) AS edge_m
    FROM place
    CROSS JOIN src s
    CROSS JOIN LATERAL (
        SELECT q.zone_id, min(ST_Distance(ST_Scale(q.geom, :kx, :ky), ST_Scale(place.geom, :kx, :ky))) AS distance_m
        FROM zone_piece q
        CROSS JOIN (SELECT greatest(s.spread_m, coalesce((SELECT max(near_m) FROM near), 0)) AS m) AS r
        WHERE q.source_id = s.id AND q.geom && ST_Expand(place.geom, r.m / :kx, r.m / :ky)
        GROUP BY q.zone_id
    ) p
    JOIN zone z ON z.id = p.zone_id
    LEFT JOIN near n ON n.kind = z.kind
    WHERE s.role = 'zones' AND z.valid @> CAST(:as_of AS date) AND p.distance_m <= greatest(s.spread_m, coalesce(n.near_m, 0))
), permit_hit AS (  -- a permit that only touches the outline covers nothing of it
    SELECT p.source_id, p.number, p.holder, p.uses, p.zone_kinds, lower(p.valid) AS begins, upper(p.valid) AS ends,
           ST_Area(o.beyond::geography) AS excess_m2, ST_Perimeter(o.beyond::geography) AS excess_rim_m
    FROM place CROSS JOIN src s JOIN permit p ON p.source_id = s.id
    CROSS JOIN LATERAL (SELECT ST_CollectionExtract(ST_Difference(place.geom, p.geom), 3) AS beyond) o
    WHERE s.role = 'permits' AND p.geom && place.geom AND ST_Intersects(p.geom, place.geom)
      AND NOT ST_Touches(p.geom, place.geom)
), cell AS (
    SELECT c.code, c.name, c.worker, c.team, c.township, c.source_id,
           ST_Area(ST_CollectionExtract(ST_Intersection(c.geom, place.geom), 3)::geography) AS overlap_m2
    FROM place CROSS JOIN src s JOIN grid_cell c ON c.source_id = s.id
    WHERE s.role = 'grid' AND c.valid @> CAST(:as_of AS date)
      AND c.geom && place.geom AND ST_Intersects(c.geom, place.geom)
)
SELECT
-- include parts/select_sources.sql
    (SELECT json_agg(json_build_object(
        'source_id', source_id, 'code', code, 'name', name, 'level', level, 'ends', ends,
        'area', encode(ST_AsBinary(area), 'hex'), 'edge_m', edge_m) ORDER BY code, source_id) FROM unit_hit) AS units,
    (SELECT json_agg(row_to_json(elsewhere)) FROM elsewhere) AS elsewhere,
    CASE WHEN NOT EXISTS (SELECT FROM unit_hit WHERE meets) THEN (
-- include parts/select_nearest.sql
    ) END AS outside_m,
    (SELECT json_agg(json_build_object(
        'source_id', source_id, 'id', code, 'kind', kind, 'grade', grade, 'name', name,
        'area', encode(ST_AsBinary(area), 'hex'), 'distance_m', distance_m, 'edge_m', edge_m,
        'near_m', (SELECT near_m FROM near WHERE near.kind = zone_hit.kind)) ORDER BY code, source_id)
     FROM zone_hit) AS zones,
    (SELECT json_agg(json_build_object(
        'code', code, 'name', name, 'worker', worker, 'team', team, 'township', township, 'source_id', source_id)
        ORDER BY overlap_m2 DESC, code) FROM cell) AS cells,
    (SELECT json_agg(json_build_object(
        'source_id', source_id, 'number', number, 'holder', holder, 'uses', uses, 'zone_kinds', zone_kinds,
        'begins', begins, 'ends', ends, 'excess_m2', excess_m2, 'excess_rim_m', excess_rim_m)
        ORDER BY number, begins) FROM permit_hit) AS permits
FROM place
