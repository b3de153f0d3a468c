-- Every step of the journal holds digests of the rows that it is about, computed by the database itself.

-- Makes the digest of a name or a telephone number useless to who tries all of them.
ALTER TABLE report_private ADD COLUMN salt bytea NOT NULL DEFAULT '';
UPDATE report_private SET salt = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

-- How many rows, and the SHA-256 of their columns; NULL for no row. Columns without a value are left out: a column
-- that is added later without a default changes no digest. Rows are in the order of their texts.
CREATE FUNCTION zhijie_seal(sealed jsonb[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) || ':' || encode(sha256(convert_to(string_agg(line, E'\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
    FROM (SELECT (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(one) WHERE value <> 'null')::text AS line
          FROM unnest(sealed) one) lines
    HAVING count(*) > 0
$$;

-- The digests of the rows that a subject of the journal, such as report/12, consists of, by part; NULL where there are
-- none. Geometries as EWKB in hex, ranges by their ends, times in UTC, so that no setting of a session changes a digest.
CREATE FUNCTION zhijie_rows(subject text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET timezone = 'UTC' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
DECLARE
    kind text := split_part(subject, '/', 1);
    named text := substr(subject, length(kind) + 2);
    wanted bigint := CASE WHEN named ~ '^[0-9]{1,18}$' THEN named::bigint END;
    state text[] := '{status,due_on,overdue,holder_unit,holder_account}';
    parts jsonb;
BEGIN
    IF kind = 'report' THEN
        parts := jsonb_build_object(
            'report', (SELECT zhijie_seal(array_agg(to_jsonb(r) - state - 'spot'
                           || jsonb_build_object('geom', encode(ST_AsEWKB(r.geom), 'hex')))) FROM report r WHERE r.id = wanted),
            'state', (SELECT zhijie_seal(array_agg(jsonb_build_object('status', r.status, 'due_on', r.due_on,
                          'overdue', r.overdue, 'holder_unit', r.holder_unit, 'holder_account', r.holder_account)))
                      FROM report r WHERE r.id = wanted),
            'verdict', (SELECT zhijie_seal(array_agg(to_jsonb(v))) FROM verdict v WHERE v.report_id = wanted),
            'evidence', (SELECT zhijie_seal(array_agg(to_jsonb(e))) FROM evidence e WHERE e.report_id = wanted),
            'reporter', (SELECT zhijie_seal(array_agg(to_jsonb(p) || jsonb_build_object('geom', encode(ST_AsEWKB(p.geom), 'hex'))))
                         FROM report_private p WHERE p.report_id = wanted),
            'assignment', (SELECT zhijie_seal(array_agg(to_jsonb(h))) FROM hand h WHERE h.report_id = wanted));
    ELSIF kind = 'account' THEN
        parts := jsonb_build_object(
            'account', (SELECT zhijie_seal(array_agg(to_jsonb(a) - '{salt,proof,failures,resting_until,locked_at}'::text[]))
                        FROM account a WHERE a.id = wanted),
            'password', (SELECT zhijie_seal(array_agg(jsonb_build_object('salt', a.salt, 'proof', a.proof)))
                         FROM account a WHERE a.id = wanted),
            'attempts', (SELECT zhijie_seal(array_agg(jsonb_build_object('failures', a.failures, 'resting_until', a.resting_until)))
                         FROM account a WHERE a.id = wanted),
            'lock', (SELECT zhijie_seal(array_agg(jsonb_build_object('locked_at', a.locked_at))) FROM account a WHERE a.id = wanted),
            'posting', (SELECT zhijie_seal(array_agg(to_jsonb(p) - 'valid'
                            || jsonb_build_object('from', lower(p.valid), 'until', upper(p.valid))))
                        FROM posting p WHERE p.account_id = wanted),
            'session', (SELECT zhijie_seal(array_agg(to_jsonb(c))) FROM credential c
                        WHERE c.account_id = wanted AND c.kind = 'session'),
            'key', (SELECT zhijie_seal(array_agg(to_jsonb(c))) FROM credential c
                    WHERE c.account_id = wanted AND c.kind <> 'session'));
    ELSIF kind = 'dataset' THEN
        parts := jsonb_build_object(
            'version', (SELECT zhijie_seal(array_agg(to_jsonb(s))) FROM source s WHERE s.dataset = named));
    ELSIF subject = 'installation' THEN
        parts := jsonb_build_object(
            'settings', (SELECT zhijie_seal(array_agg(to_jsonb(i) - 'secret')) FROM installation i));
    END IF;
    RETURN nullif(jsonb_strip_nulls(parts), '{}');
END $$;

-- As before, and with the rows' digests: computed while the head is locked, so that the last step about a subject
-- is always the one that has seen the last change. Times never run backwards, though a clock may be set back.
CREATE OR REPLACE FUNCTION zhijie_journal(
    action text, subject text, unit text, reason text, before jsonb, after jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head journal_head;
    pass jsonb := zhijie_pass();
    who jsonb;
    at text;
    row_body text;
BEGIN
    who := CASE WHEN pass IS NOT NULL THEN jsonb_build_object(
                    'account', pass -> 'account', 'name', pass -> 'name', 'credential', pass -> 'credential',
                    'postings', (SELECT jsonb_agg((p ->> 'role') || ':' || (p ->> 'reach'))
                                 FROM jsonb_array_elements(pass -> 'postings') p))
                ELSE jsonb_strip_nulls(jsonb_build_object(
                    'database', session_user, 'system', nullif(current_setting('zhijie.actor', true), ''))) END;
    SELECT * INTO head FROM journal_head FOR UPDATE;
    SELECT greatest(to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') COLLATE "C",
                    (SELECT j.body::jsonb ->> 'at' FROM journal j WHERE j.seq = head.seq) COLLATE "C") INTO at;
    row_body := jsonb_build_object(
        'seq', head.seq + 1, 'at', at, 'who', who, 'action', action, 'subject', subject, 'unit', unit, 'reason', reason,
        'before', before, 'after', after, 'rows', zhijie_rows(subject))::text;
    INSERT INTO journal (seq, body, prev, hash)
    VALUES (head.seq + 1, row_body, head.hash, zhijie_link(head.hash, row_body));
    UPDATE journal_head h SET seq = head.seq + 1, hash = zhijie_link(head.hash, row_body);
    RETURN head.seq + 1;
END $$;

REVOKE ALL ON FUNCTION zhijie_seal(jsonb[]), zhijie_rows(text) FROM PUBLIC;
