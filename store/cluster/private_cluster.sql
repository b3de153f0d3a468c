-- Fed to psql, with :database set, each time the private cluster is started.
SELECT format('CREATE DATABASE %I', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :database
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;
DO $$ BEGIN
    CREATE ROLE zhijie_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
    CREATE ROLE zhijie_web LOGIN IN ROLE zhijie_app;  -- the role the server connects as
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
-- What one connection of the server runs is not shown to the others: statements hold credentials. Only a
-- superuser can set this, so the role cannot turn it on again.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                   WHERE r.rolname = 'zhijie_web' AND 'track_activities=off' = ANY (s.setconfig)) THEN
        ALTER ROLE zhijie_web SET track_activities = off;
    END IF;
END $$;
