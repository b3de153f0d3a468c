-- The dataset versions in use, and the notice distance of each kind of zone.
src AS MATERIALIZED (  -- spread_m is how far a layer's areas can matter, from both errors joined
    SELECT s.*, greatest(
               :sigmas * sqrt(s.accuracy_m ^ 2 + p.accuracy_m ^ 2),
               :outlier_sigmas * sqrt(s.accuracy_m ^ 2 + (:outlier_factor * p.accuracy_m) ^ 2)
           ) AS spread_m
    FROM source s CROSS JOIN (SELECT CAST(:accuracy_m AS double precision) AS accuracy_m) p
    WHERE CASE WHEN CAST(:source_ids AS bigint[]) IS NULL THEN s.retired_at IS NULL
               ELSE s.id = ANY (CAST(:source_ids AS bigint[])) END
), near AS MATERIALIZED (  -- notice distance of each kind of zone
    SELECT k.kind, k.near_m FROM zone_kind k JOIN src s ON s.id = k.source_id
),
