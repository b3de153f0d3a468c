-- Units of some datasets that lie further from every known area of their parent than three times the accuracy of
-- both layers, with the distance from the nearest in metres.
SELECT s.dataset, u.code, u.name, min(p.code || ' ' || p.name) AS parent,
       min(ST_Distance(u.geom::geography, p.geom::geography)) AS distance_m
FROM source s
JOIN unit u ON u.source_id = s.id AND u.geom IS NOT NULL
JOIN unit p ON p.code = u.parent AND p.geom IS NOT NULL AND p.valid && u.valid
JOIN source ps ON ps.id = p.source_id AND ps.retired_at IS NULL
WHERE s.dataset = ANY(:datasets) AND s.retired_at IS NULL
GROUP BY s.dataset, u.id
HAVING bool_and(
    NOT ST_Intersects(u.geom, p.geom)
    AND NOT ST_DWithin(u.geom::geography, p.geom::geography, 3.0 * (s.accuracy_m + ps.accuracy_m))
)
ORDER BY s.dataset, u.code
