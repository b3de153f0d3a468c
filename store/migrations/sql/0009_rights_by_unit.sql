-- A right is looked up where the row lies: in one function, for policies, functions and queries alike.

-- The stems of the codes within which one posting alone gives the pass all of these rights.
CREATE FUNCTION zhijie_stems_of_all(VARIADIC wanted text[]) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH shown AS (SELECT zhijie_pass() AS pass)
    SELECT coalesce(array_agg(DISTINCT p ->> 'stem'), '{}')
    FROM shown CROSS JOIN LATERAL jsonb_array_elements(pass -> 'postings') p
    WHERE (SELECT array_agg(r."right") FROM role_right r WHERE r.role = p ->> 'role') @> wanted
      AND (jsonb_typeof(pass -> 'scopes') = 'null' OR pass -> 'scopes' ?& wanted)
$$;

CREATE OR REPLACE FUNCTION zhijie_stems(wanted text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT zhijie_stems_of_all(wanted)
$$;

-- Rows whose unit is unknown belong to those whose reach is the whole store.
CREATE OR REPLACE FUNCTION zhijie_outside(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT '' = ANY (zhijie_stems(wanted))
$$;

DROP POLICY journal_read ON journal;
CREATE POLICY journal_read ON journal FOR SELECT TO zhijie_app USING (
    unit ^@ ANY ((SELECT zhijie_stems('journal'))::text[])
    OR (unit IS NULL AND CASE WHEN subject ^@ 'report/' THEN (SELECT zhijie_outside('journal'))
                              ELSE (SELECT zhijie_has('audit')) END));

-- May the pass add evidence to this report? Where one posting lets it file and read, or as who filed or holds it.
CREATE FUNCTION zhijie_adds(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM report r, (SELECT zhijie_stems_of_all('file', 'read') AS stems) here
        WHERE r.id = wanted AND (
            coalesce(r.unit_code ^@ ANY (stems), '' = ANY (stems))
            OR coalesce(r.holder_unit ^@ ANY (stems), false)
            OR coalesce(r.filed_by = zhijie_account() OR r.holder_account = zhijie_account(), false)
               AND zhijie_has('file')))
$$;
DROP POLICY evidence_add ON evidence;
CREATE POLICY evidence_add ON evidence FOR INSERT TO zhijie_app WITH CHECK (
    added_by = (SELECT zhijie_account()) AND zhijie_adds(report_id));

-- As before, but for reports whose unit is unknown.
CREATE OR REPLACE FUNCTION zhijie_heard(after bigint, most integer, tokens text[])
RETURNS TABLE (seq bigint, at text, action text, told jsonb, by_reach integer[], by_own integer[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH shown AS MATERIALIZED (
        SELECT t.place::integer, c.account_id,
               coalesce(array_agg(DISTINCT zhijie_stem(p.reach)) FILTER (WHERE r."right" = 'read'), '{}') AS stems,
               count(*) FILTER (WHERE r."right" IS NOT NULL) > 0 AS known
        FROM unnest(tokens) WITH ORDINALITY t (token, place)
        JOIN credential c ON c.token_hash = sha256(convert_to(t.token, 'UTF8'))
            AND c.revoked_at IS NULL AND c.expires_at > now()
        JOIN account a ON a.id = c.account_id AND a.locked_at IS NULL
        LEFT JOIN posting p ON p.account_id = a.id AND p.valid @> (now() AT TIME ZONE 'Asia/Shanghai')::date
        LEFT JOIN role_right r ON r.role = p.role AND r."right" IN ('read', 'file')
            AND (c.scopes IS NULL OR r."right" = ANY (c.scopes))
        GROUP BY 1, 2),
    step AS MATERIALIZED (
        SELECT j.seq, j.body::jsonb ->> 'at' AS at, j.action, substr(j.subject, 8)::bigint AS report_id
        FROM journal j
        WHERE j.seq > after AND j.seq <= after + most AND j.subject ^@ 'report/'
          AND j.action IN ('report', 'status', 'hand', 'overdue', 'evidence'))
    SELECT s.seq, s.at, s.action, jsonb_build_object(
        'id', r.id, 'category', r.category, 'effect', r.effect, 'certainty', r.certainty, 'status', r.status,
        'unit_code', r.unit_code, 'unit_name', r.unit_name, 'received_at', r.received_at, 'act_date', r.act_date,
        'due_on', r.due_on, 'urgent', r.urgent, 'sample', r.sample, 'zone_kinds', r.zone_kinds,
        'holder_unit', r.holder_unit, 'holder_account', r.holder_account, 'holder', coalesce(nullif(h.shown, ''), h.name),
        'lon', ST_X(ST_PointOnSurface(r.geom)), 'lat', ST_Y(ST_PointOnSurface(r.geom))),
        hears.by_reach, hears.by_own
    FROM step s JOIN report r ON r.id = s.report_id LEFT JOIN account h ON h.id = r.holder_account,
    LATERAL (
        SELECT coalesce(array_agg(place) FILTER (WHERE reaches), '{}') AS by_reach,
               coalesce(array_agg(place) FILTER (WHERE NOT reaches AND owns), '{}') AS by_own
        FROM (SELECT place,
                     coalesce(r.unit_code ^@ ANY (stems), '' = ANY (stems))
                         OR coalesce(r.holder_unit ^@ ANY (stems), false) AS reaches,
                     known AND coalesce(account_id IN (r.filed_by, r.holder_account), false) AS owns
              FROM shown) one) hears
    WHERE hears.by_reach <> '{}' OR hears.by_own <> '{}'
    ORDER BY s.seq
$$;

-- A new password for who knows the old one; every other session ends and, if wanted, every key.
DROP FUNCTION zhijie_change_password(bytea, text, bytea);
CREATE FUNCTION zhijie_change_password(old_proof bytea, new_salt text, new_proof bytea, end_keys boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found account;
    ended jsonb;
BEGIN
    IF coalesce(zhijie_pass() ->> 'kind', '') <> 'session' THEN
        RETURN false;
    END IF;
    SELECT * INTO found FROM account WHERE id = zhijie_account() FOR UPDATE;
    IF NOT zhijie_proved(found, old_proof, 'password_refused') THEN
        RETURN false;  -- a stolen session may guess no more than a stranger may
    END IF;
    UPDATE account SET salt = new_salt, proof = new_proof WHERE id = found.id;
    WITH gone AS (
        UPDATE credential SET revoked_at = now()
        WHERE account_id = found.id AND revoked_at IS NULL AND (kind = 'session' OR end_keys)
          AND id <> (zhijie_pass() ->> 'credential')::bigint
        RETURNING kind)
    SELECT jsonb_build_object('sessions', count(*) FILTER (WHERE kind = 'session'),
                              'keys', count(*) FILTER (WHERE kind = 'key'))
    INTO ended FROM gone;
    PERFORM zhijie_journal('password', 'account/' || found.id, NULL, NULL, NULL, ended);
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION zhijie_stems_of_all(text[]), zhijie_adds(bigint),
    zhijie_change_password(bytea, text, bytea, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zhijie_stems_of_all(text[]), zhijie_adds(bigint),
    zhijie_change_password(bytea, text, bytea, boolean) TO zhijie_app;
