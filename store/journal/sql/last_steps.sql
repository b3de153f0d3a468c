-- Subjects whose rows are not what their last step recorded: seq NULL without a step, present NULL without rows,
-- covered false where the step is older than the digests (then rows that the demonstration removed are left out).
WITH last AS (
    SELECT DISTINCT ON (subject) subject, seq, body::jsonb ? 'rows' AS covered, nullif(body::jsonb -> 'rows', 'null') AS recorded
    FROM journal WHERE subject ~ '^(report|account)/[0-9]+$|^dataset/|^installation$'
    ORDER BY subject, seq DESC
),
there AS (
    SELECT 'report/' || id AS subject FROM report
    UNION SELECT 'report/' || report_id FROM verdict
    UNION SELECT 'report/' || report_id FROM evidence
    UNION SELECT 'report/' || report_id FROM report_private
    UNION SELECT 'report/' || report_id FROM hand
    UNION SELECT 'account/' || id FROM account
    UNION SELECT 'account/' || account_id FROM posting
    UNION SELECT 'account/' || account_id FROM credential
    UNION SELECT 'dataset/' || dataset FROM source
    UNION SELECT 'installation' FROM installation WHERE public_view  -- closed is how it begins
),
compared AS (
    SELECT subject, seq, covered, recorded, zhijie_rows(subject) AS present
    FROM last FULL JOIN there USING (subject)
)
SELECT subject, seq, covered, recorded, present
FROM compared
WHERE seq IS NULL
   OR (covered AND recorded IS DISTINCT FROM present)
   OR (NOT covered AND (present IS NOT NULL OR NOT EXISTS (
        SELECT FROM journal later WHERE later.subject = 'demo' AND later.seq > compared.seq)))
