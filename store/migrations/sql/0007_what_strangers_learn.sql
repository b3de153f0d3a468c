-- What those learn who may not see a report.

-- What numbers of steps are sealed with before clients see them. For the server alone, which knows the numbers anyway.
-- Hashed twice: no salt of a name (zhijie_salt) is ever the same.
CREATE FUNCTION zhijie_stream_key() RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT sha256(secret || sha256(secret || convert_to('numbers of the stream', 'UTF8'))) FROM installation
$$;
REVOKE ALL ON FUNCTION zhijie_stream_key() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zhijie_stream_key() TO zhijie_app;

-- Counts of fewer than three single out a report. Each report is counted once, in the finest of these groups that has
-- three or more: (1) its square of 0.01 degrees, category, effect, status and month; of what is left, (2) its square and
-- effect, (3) its square of 0.05 degrees and effect, (4) its square of 0.2 degrees. What is left then is one sum without
-- a place (side is null). The groups do not depend on what is asked for, so that no two questions differ by one report.
CREATE OR REPLACE VIEW report_coarse WITH (security_barrier) AS
WITH counted AS (
    SELECT left(unit_code, 6) AS county, category, effect, status, sample,
           to_char(received_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
           floor(ST_X(ST_PointOnSurface(geom)) * 100) AS x, floor(ST_Y(ST_PointOnSurface(geom)) * 100) AS y, count(*) AS n
    FROM report WHERE (SELECT zhijie_sees_coarse()) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
second AS (
    SELECT *, sum(n) FILTER (WHERE n < 3) OVER (PARTITION BY county, effect, sample, x, y) AS n2 FROM counted),
third AS (
    SELECT *, sum(n) FILTER (WHERE n < 3 AND n2 < 3) OVER (PARTITION BY effect, sample, floor(x / 5), floor(y / 5)) AS n3
    FROM second),
fourth AS (
    SELECT *, sum(n) FILTER (WHERE n < 3 AND n2 < 3 AND n3 < 3) OVER (PARTITION BY sample, floor(x / 20), floor(y / 20)) AS n4
    FROM third),
grouped AS (
    SELECT *, CASE WHEN n >= 3 THEN 1 WHEN n2 >= 3 THEN 2 WHEN n3 >= 3 THEN 3 WHEN n4 >= 3 THEN 4 END AS tier FROM fourth),
sized AS (  -- side: hundredths of a degree
    SELECT *, CASE tier WHEN 1 THEN 1 WHEN 2 THEN 1 WHEN 3 THEN 5 WHEN 4 THEN 20 END AS side FROM grouped)
SELECT CASE WHEN tier <= 2 THEN county END AS county,
       CASE WHEN tier = 1 THEN category END AS category,
       CASE WHEN tier <= 3 THEN effect END AS effect,
       CASE WHEN tier = 1 THEN status END AS status,
       CASE WHEN tier <= 4 THEN sample END AS sample,
       CASE WHEN tier = 1 THEN month END AS month,
       round(((floor(x / side) + 0.5) * side / 100)::numeric, 3)::double precision AS lon,
       round(((floor(y / side) + 0.5) * side / 100)::numeric, 3)::double precision AS lat,
       sum(n)::bigint AS reports,
       round(side / 100.0, 2)::double precision AS side
FROM sized GROUP BY tier, side, 1, 2, 3, 4, 5, 6, 7, 8;
