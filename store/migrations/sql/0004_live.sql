-- The live map: where reports are drawn, counts made ahead, who has a report in hand, and what is told of changes.

-- ---- where a report is drawn ----------------------------------------------------------------------

-- Web Mercator (EPSG:3857) of a geometry's inner point, metres; held at the latitude where that map ends.
CREATE FUNCTION zhijie_spot(place geometry) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    inner_point geometry := CASE WHEN GeometryType(place) = 'POINT' THEN place ELSE ST_PointOnSurface(place) END;
    lat double precision := radians(greatest(-85.0511, least(85.0511, ST_Y(inner_point))));
BEGIN
    RETURN ST_SetSRID(ST_MakePoint(radians(ST_X(inner_point)) * 6378137, ln(tan(pi() / 4 + lat / 2)) * 6378137), 3857);
END $$;

-- The bits of a number below 65,536, each followed by a zero.
CREATE FUNCTION zhijie_spread(v bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    v := (v | (v << 8)) & 16711935;
    v := (v | (v << 4)) & 252645135;
    v := (v | (v << 2)) & 858993459;
    RETURN (v | (v << 1)) & 1431655765;
END $$;

-- The number of a place's tile at zoom 16, x and y interleaved: a tile's descendants are one span of numbers.
CREATE FUNCTION zhijie_quad(spot geometry) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    half double precision := 20037508.342789244;
    x bigint := greatest(0, least(65535, floor((ST_X(spot) + half) / half * 32768)));
    y bigint := greatest(0, least(65535, floor((half - ST_Y(spot)) / half * 32768)));
BEGIN
    RETURN zhijie_spread(x) | (zhijie_spread(y) << 1);
END $$;

ALTER TABLE report
    ADD COLUMN zone_kinds text[] NOT NULL DEFAULT '{}',
    ADD COLUMN due_on date,
    ADD COLUMN overdue boolean NOT NULL DEFAULT false,
    ADD COLUMN urgent boolean NOT NULL DEFAULT false,
    ADD COLUMN holder_unit text,
    ADD COLUMN holder_account bigint REFERENCES account (id),
    ADD COLUMN spot geometry(Point, 3857) GENERATED ALWAYS AS (zhijie_spot(geom)) STORED;
CREATE INDEX report_spot ON report USING gist (spot);
CREATE INDEX report_due ON report (due_on) WHERE NOT overdue AND status NOT IN ('dismissed', 'done');
CREATE INDEX report_holder ON report (holder_account) WHERE holder_account IS NOT NULL;
CREATE INDEX report_elsewhere ON report (holder_unit) WHERE holder_unit <> unit_code;

-- ---- counts made ahead ----------------------------------------------------------------------------

-- How many reports lie in each cell: a tile of zoom z is drawn from its 64 cells of level z + 3.
CREATE TABLE report_tally (
    level smallint NOT NULL,
    cell bigint NOT NULL,
    unit_code text NOT NULL,  -- '' outside every unit
    n integer NOT NULL,
    prohibited integer NOT NULL,
    overdue integer NOT NULL,
    sum_x double precision NOT NULL,  -- of the spots, metres: where the cell's mark stands
    sum_y double precision NOT NULL,
    PRIMARY KEY (level, cell, unit_code)
);

-- The same by unit and month of receipt (Beijing time), for counters and charts.
CREATE TABLE report_month (
    unit_code text NOT NULL,
    month date NOT NULL,
    category text NOT NULL,
    effect text NOT NULL,
    status text NOT NULL,
    overdue boolean NOT NULL,
    urgent boolean NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (unit_code, month, category, effect, status, overdue, urgent)
);

CREATE FUNCTION zhijie_month(received timestamptz) RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT date_trunc('month', received AT TIME ZONE 'Asia/Shanghai')::date
$$;

CREATE FUNCTION zhijie_count(r report, sign integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    cell16 bigint := zhijie_quad(r.spot);
BEGIN
    INSERT INTO report_tally AS t
    SELECT l, cell16 >> (2 * (16 - l)), coalesce(r.unit_code, ''), sign, sign * (r.effect = 'prohibited')::integer,
           sign * r.overdue::integer, sign * ST_X(r.spot), sign * ST_Y(r.spot)
    FROM generate_series(3, 16) l
    ON CONFLICT (level, cell, unit_code) DO UPDATE SET
        n = t.n + excluded.n, prohibited = t.prohibited + excluded.prohibited, overdue = t.overdue + excluded.overdue,
        sum_x = t.sum_x + excluded.sum_x, sum_y = t.sum_y + excluded.sum_y;
    INSERT INTO report_month AS t
    VALUES (coalesce(r.unit_code, ''), zhijie_month(r.received_at), r.category, r.effect, r.status, r.overdue, r.urgent, sign)
    ON CONFLICT (unit_code, month, category, effect, status, overdue, urgent) DO UPDATE SET n = t.n + excluded.n;
END $$;

-- At the end of the transaction: what many count is then locked for a moment only.
CREATE FUNCTION report_counted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM zhijie_count(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM zhijie_count(NEW, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER report_counts AFTER INSERT OR DELETE ON report
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION report_counted();
-- (Geometries are compared as bytes: a restore sets no search path, and would not know which "=" is meant.)
CREATE CONSTRAINT TRIGGER report_counts_again AFTER UPDATE ON report DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((ST_AsEWKB(OLD.geom), OLD.unit_code, OLD.received_at, OLD.category, OLD.effect, OLD.status, OLD.overdue, OLD.urgent)
          IS DISTINCT FROM
          (ST_AsEWKB(NEW.geom), NEW.unit_code, NEW.received_at, NEW.category, NEW.effect, NEW.status, NEW.overdue, NEW.urgent))
    EXECUTE FUNCTION report_counted();

-- All counts anew: after many reports were written with the triggers off, and for who doubts them.
CREATE FUNCTION count_reports() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    LOCK TABLE report IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM report_tally;
    DELETE FROM report_month;
    INSERT INTO report_tally
    SELECT 16, zhijie_quad(spot), coalesce(unit_code, ''), count(*), count(*) FILTER (WHERE effect = 'prohibited'),
           count(*) FILTER (WHERE overdue), sum(ST_X(spot)), sum(ST_Y(spot))
    FROM report GROUP BY 2, 3;
    FOR above IN REVERSE 15..3 LOOP
        INSERT INTO report_tally
        SELECT above, cell >> 2, unit_code, sum(n), sum(prohibited), sum(overdue), sum(sum_x), sum(sum_y)
        FROM report_tally WHERE level = above + 1 GROUP BY 2, 3;
    END LOOP;
    INSERT INTO report_month
    SELECT coalesce(unit_code, ''), zhijie_month(received_at), category, effect, status, overdue, urgent, count(*)
    FROM report GROUP BY 1, 2, 3, 4, 5, 6, 7;
END $$;
SELECT count_reports();

-- ---- who has a report in hand -----------------------------------------------------------------------

CREATE TABLE hand (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    report_id bigint NOT NULL REFERENCES report (id) ON DELETE CASCADE,
    unit_code text,
    account_id bigint REFERENCES account (id),
    since timestamptz NOT NULL DEFAULT now(),
    until date,
    ended_at timestamptz,
    reason text NOT NULL CONSTRAINT hand_reason CHECK (btrim(reason) <> ''),
    by_account bigint REFERENCES account (id),
    CONSTRAINT hand_somebody CHECK (unit_code IS NOT NULL OR account_id IS NOT NULL)
);
CREATE UNIQUE INDEX hand_one ON hand (report_id) WHERE ended_at IS NULL;
CREATE INDEX hand_report ON hand (report_id);

-- Does the pass see this report? The same as the policy report_read says, for functions that are not bound by it.
CREATE FUNCTION zhijie_sees(r report) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(r.unit_code ^@ ANY (zhijie_stems('read')), zhijie_outside('read'))
        OR coalesce(r.holder_unit ^@ ANY (zhijie_stems('read')), false)
        OR coalesce((r.filed_by = zhijie_account() OR r.holder_account = zhijie_account())
                    AND (zhijie_has('file') OR zhijie_has('read')), false)
$$;

-- May the pass, by a right, do something with this report? (A right reaches what the unit of the report lies in.)
CREATE FUNCTION zhijie_within(place text, wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(place ^@ ANY (zhijie_stems(wanted)), zhijie_outside(wanted))
$$;

-- Is a report open and past its day?
CREATE FUNCTION zhijie_late(state text, due date) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT state NOT IN ('dismissed', 'done') AND coalesce(due < (now() AT TIME ZONE 'Asia/Shanghai')::date, false)
$$;

-- Give a report to a unit or a person. False where the pass may not; what is wrong with the values, the caller has told.
CREATE FUNCTION zhijie_hand(wanted bigint, to_unit text, to_account bigint, until_day date, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    r report;
    old hand;
BEGIN
    SELECT * INTO r FROM report WHERE id = wanted FOR UPDATE;
    IF r.id IS NULL OR NOT zhijie_within(r.unit_code, 'assign') THEN
        RETURN false;
    END IF;
    UPDATE hand SET ended_at = clock_timestamp() WHERE report_id = wanted AND ended_at IS NULL RETURNING * INTO old;
    INSERT INTO hand (report_id, unit_code, account_id, until, reason, by_account)
    VALUES (wanted, to_unit, to_account, until_day, why, zhijie_account());
    UPDATE report SET holder_unit = to_unit, holder_account = to_account, due_on = coalesce(until_day, due_on),
        status = CASE status WHEN 'new' THEN 'assigned' ELSE status END,
        overdue = zhijie_late(status, coalesce(until_day, due_on))
    WHERE id = wanted;
    PERFORM zhijie_journal('hand', 'report/' || wanted, r.unit_code, why,
        jsonb_build_object('unit', old.unit_code, 'account', old.account_id, 'status', r.status, 'due_on', r.due_on),
        jsonb_build_object('unit', to_unit, 'account', to_account, 'until', until_day));
    RETURN true;
END $$;

-- Move a report from one state to another. False where the pass may not, or where it is in another state by now.
CREATE FUNCTION zhijie_move(wanted bigint, from_status text, to_status text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    r report;
BEGIN
    SELECT * INTO r FROM report WHERE id = wanted FOR UPDATE;
    IF r.id IS NULL OR r.status <> from_status OR NOT (
        zhijie_within(r.unit_code, 'assign')
        OR coalesce(r.holder_account = zhijie_account(), false) AND zhijie_has('file')) THEN
        RETURN false;
    END IF;
    UPDATE report SET status = to_status, overdue = zhijie_late(to_status, due_on) WHERE id = wanted;
    PERFORM zhijie_journal('status', 'report/' || wanted, r.unit_code, why,
        jsonb_build_object('status', from_status), jsonb_build_object('status', to_status));
    RETURN true;
END $$;

-- Whom one may give a report of a unit to: people with a posting in it or above it, for who may assign there.
CREATE FUNCTION zhijie_people(place text) RETURNS TABLE (account bigint, name text, role text, reach text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.id, coalesce(nullif(a.shown, ''), a.name), p.role, p.reach
    FROM account a JOIN posting p ON p.account_id = a.id JOIN role_right r ON r.role = p.role AND r."right" = 'file'
    WHERE zhijie_within(place, 'assign') AND a.locked_at IS NULL
      AND p.valid @> (now() AT TIME ZONE 'Asia/Shanghai')::date
      AND (place ^@ zhijie_stem(p.reach) OR p.reach ^@ zhijie_stem(place))
    ORDER BY length(p.reach) DESC, p.reach, a.id
$$;

-- How an account is called, for who may see a report that it has or had in hand.
CREATE FUNCTION zhijie_hands(wanted bigint)
RETURNS TABLE (unit_code text, account bigint, name text, since timestamptz, until date, ended_at timestamptz, reason text, by_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT h.unit_code, h.account_id, coalesce(nullif(a.shown, ''), a.name), h.since, h.until, h.ended_at, h.reason,
           coalesce(nullif(b.shown, ''), b.name)
    FROM hand h JOIN report r ON r.id = h.report_id LEFT JOIN account a ON a.id = h.account_id
    LEFT JOIN account b ON b.id = h.by_account
    WHERE h.report_id = wanted AND zhijie_sees(r)
    ORDER BY h.id DESC
$$;

-- Days that have passed: reports become overdue. How many; several processes may ask at once.
CREATE FUNCTION zhijie_mark_overdue() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    r record;
    marked integer := 0;
BEGIN
    FOR r IN SELECT id, unit_code, due_on FROM report
             WHERE NOT overdue AND status NOT IN ('dismissed', 'done')
               AND due_on < (now() AT TIME ZONE 'Asia/Shanghai')::date
             ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED LOOP
        UPDATE report SET overdue = true WHERE id = r.id;
        PERFORM zhijie_journal('overdue', 'report/' || r.id, r.unit_code, NULL, NULL, jsonb_build_object('due_on', r.due_on));
        marked := marked + 1;
    END LOOP;
    RETURN marked;
END $$;

-- ---- what is told of changes ------------------------------------------------------------------------

DROP POLICY report_read ON report;
CREATE POLICY report_read ON report FOR SELECT TO zhijie_app USING (
    unit_code ^@ ANY ((SELECT zhijie_stems('read'))::text[])
    OR (unit_code IS NULL AND (SELECT zhijie_outside('read')))
    OR holder_unit ^@ ANY ((SELECT zhijie_stems('read'))::text[])
    OR ((filed_by = (SELECT zhijie_account()) OR holder_account = (SELECT zhijie_account()))
        AND ((SELECT zhijie_has('file')) OR (SELECT zhijie_has('read')))));

ALTER TABLE report_tally ENABLE ROW LEVEL SECURITY;
CREATE POLICY report_tally_read ON report_tally FOR SELECT TO zhijie_app USING (
    unit_code ^@ ANY ((SELECT zhijie_stems('read'))::text[])
    OR (unit_code = '' AND (SELECT zhijie_outside('read'))));
ALTER TABLE report_month ENABLE ROW LEVEL SECURITY;
CREATE POLICY report_month_read ON report_month FOR SELECT TO zhijie_app USING (
    unit_code ^@ ANY ((SELECT zhijie_stems('read'))::text[])
    OR (unit_code = '' AND (SELECT zhijie_outside('read'))));
ALTER TABLE hand ENABLE ROW LEVEL SECURITY;
CREATE POLICY hand_read ON hand FOR SELECT TO zhijie_app USING (
    EXISTS (SELECT FROM report r WHERE r.id = report_id));

-- Each step is announced as it becomes visible: its number, whose report it is about, and, of where, the tile of
-- zoom 12 (some 8 km): less than every account may know, for whoever has the server's role may listen.
CREATE FUNCTION journal_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    r report;
BEGIN
    IF NEW.subject ^@ 'report/' THEN
        SELECT * INTO r FROM report WHERE id = substr(NEW.subject, 8)::bigint;
    END IF;
    PERFORM pg_notify('zhijie_journal', jsonb_strip_nulls(jsonb_build_object('seq', NEW.seq,
        'accounts', CASE WHEN r.id IS NOT NULL THEN to_jsonb(array_remove(ARRAY[r.filed_by, r.holder_account], NULL)) END,
        'tile', CASE WHEN r.id IS NOT NULL THEN zhijie_quad(r.spot) >> 8 END))::text);
    RETURN NULL;
END $$;
CREATE TRIGGER journal_tells AFTER INSERT ON journal FOR EACH ROW EXECUTE FUNCTION journal_told();

CREATE FUNCTION zhijie_head() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT seq FROM journal_head
$$;

-- The next so many steps after a number that are about reports, with what the report is now, and which of the credentials shown (their
-- places in the list) see it: by its reach, or only as who filed or holds it. One question for all open streams.
CREATE FUNCTION zhijie_heard(after bigint, most integer, tokens text[])
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
                     coalesce(r.unit_code ^@ ANY (stems), EXISTS (SELECT FROM unnest(stems) stem WHERE length(stem) <= 4))
                         OR coalesce(r.holder_unit ^@ ANY (stems), false) AS reaches,
                     known AND coalesce(account_id IN (r.filed_by, r.holder_account), false) AS owns
              FROM shown) one) hears
    WHERE hears.by_reach <> '{}' OR hears.by_own <> '{}'
    ORDER BY s.seq
$$;

-- Which of these credentials (SHA-256 of their tokens) still open something, and which reach each has for reading.
CREATE FUNCTION zhijie_standing(hashes bytea[]) RETURNS TABLE (token_hash bytea, stems text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.token_hash, coalesce(array_agg(DISTINCT zhijie_stem(p.reach)) FILTER (WHERE r.role IS NOT NULL
        AND (c.scopes IS NULL OR 'read' = ANY (c.scopes))), '{}')
    FROM credential c JOIN account a ON a.id = c.account_id
    LEFT JOIN posting p ON p.account_id = a.id AND p.valid @> (now() AT TIME ZONE 'Asia/Shanghai')::date
    LEFT JOIN role_right r ON r.role = p.role AND r."right" = 'read'
    WHERE c.token_hash = ANY (hashes) AND c.revoked_at IS NULL AND c.expires_at > now() AND a.locked_at IS NULL
    GROUP BY c.token_hash
$$;

-- ---- what the application may touch -----------------------------------------------------------------

DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS signature, p.proname FROM pg_proc p
             WHERE p.pronamespace = 'public'::regnamespace
               AND p.proname IN ('zhijie_spot', 'zhijie_spread', 'zhijie_quad', 'zhijie_month', 'zhijie_count', 'zhijie_hand',
                   'zhijie_move', 'zhijie_people', 'zhijie_hands', 'zhijie_mark_overdue', 'zhijie_sees', 'zhijie_head',
                   'zhijie_heard', 'zhijie_standing', 'zhijie_within', 'zhijie_late', 'count_reports', 'report_counted',
                   'journal_told') LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.signature);
        IF f.proname NOT IN ('zhijie_count', 'zhijie_within', 'zhijie_sees', 'count_reports', 'report_counted', 'journal_told') THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zhijie_app', f.signature);
        END IF;
    END LOOP;
END $$;
GRANT SELECT ON report_tally, report_month, hand TO zhijie_app;
