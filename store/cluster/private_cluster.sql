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
