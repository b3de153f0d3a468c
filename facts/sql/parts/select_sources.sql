-- The dataset versions as JSON.
    (SELECT json_agg(json_build_object(
        'id', id, 'dataset', dataset, 'version', version, 'role', role, 'title', title, 'official', official,
        'accuracy_m', accuracy_m, 'reach', reach, 'kinds', kinds, 'begins', begins, 'checksum', checksum)
        ORDER BY dataset) FROM src) AS sources,
