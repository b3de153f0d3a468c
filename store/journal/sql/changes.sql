-- Steps whose digests differ from those of the step before about the same subject, and that one's.
SELECT subject, seq, action, recorded, seq_before, before
FROM (
    SELECT subject, seq, action, covered, recorded,
           lag(seq) OVER w AS seq_before, lag(covered) OVER w AS covered_before, lag(recorded) OVER w AS before
    FROM (SELECT subject, seq, action, body::jsonb ? 'rows' AS covered, nullif(body::jsonb -> 'rows', 'null') AS recorded
          FROM journal) step
    WINDOW w AS (PARTITION BY subject ORDER BY seq)
) pair
WHERE covered AND covered_before AND recorded IS DISTINCT FROM before
