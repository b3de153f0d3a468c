-- Distance to the nearest unit, metres, for a place outside all of them.
        SELECT min(ST_Distance(ST_Scale(n.geom, :kx, :ky), ST_Scale(place.geom, :kx, :ky))) FROM src s
        CROSS JOIN LATERAL (  -- <-> orders by degrees with the index, not by metres, so the nearest of eight is taken
            SELECT q.geom FROM unit_piece q JOIN unit u ON u.id = q.unit_id
            WHERE q.source_id = s.id AND u.valid @> CAST(:as_of AS date)
            ORDER BY q.geom <-> place.geom LIMIT 8
        ) n WHERE s.role = 'units'
