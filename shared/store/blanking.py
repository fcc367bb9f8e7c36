"""The one change that a record allows: an event's data go, in the statement that appends `erased`.

It is done by the database itself, so that no writer, follower or person can forget it, do it alone
or do more: whichever table takes an `erased` event in, blanks its own copy of what that names.
"""

from sqlalchemy import Connection, text

_NAMED = r"""
CREATE FUNCTION version_named(data bytea) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN (convert_from(data, 'UTF8')::json ->> 'version')::integer;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;  -- what was erased itself, or poison: it names nothing
END $$;

CREATE FUNCTION header_of(headers jsonb, name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT one ->> 1 FROM jsonb_array_elements(headers) AS one WHERE one ->> 0 = name LIMIT 1
$$;

CREATE FUNCTION without_salt(headers jsonb, value bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  datahash text := encode(sha256(decode(header_of(headers, 'ce_salt'), 'hex') || value), 'hex');
BEGIN
  RETURN (SELECT jsonb_agg(CASE WHEN one ->> 0 = 'ce_salt'
                           THEN jsonb_build_array('ce_datahash', datahash) ELSE one END)
            FROM jsonb_array_elements(headers) AS one);
EXCEPTION WHEN OTHERS THEN
  RETURN headers;  -- poison, whose salt is none
END $$;
"""

# Before an update: that it only blanks, and that an `erased` event of its own stream asks for it.
_GUARD = """
CREATE FUNCTION refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted record;
  asked boolean;
BEGIN
  wanted := OLD;
  wanted.salt := sha256(OLD.salt || OLD.data);
  wanted.data := '';
  IF NEW IS NOT DISTINCT FROM wanted AND OLD.data <> '' THEN
    EXECUTE format(
      'SELECT EXISTS (SELECT FROM %I WHERE context = $1 AND subject = $2 AND version > $3'
      ' AND type = $4 AND version_named(data) = $3) OR EXISTS (SELECT FROM parked'
      ' WHERE context = $1 AND subject = $2 AND version > $3'
      ' AND header_of(headers, ''ce_type'') = $4 AND version_named(value) = $3)',
      TG_TABLE_NAME)
      INTO asked
      USING OLD.context, OLD.subject, OLD.version, 'fuyan.' || OLD.context || '.erased.v1';
    IF asked THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only: what was acknowledged stays', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
"""

# Owned by whoever migrates: the service's own role may not update what is append-only.
_ERASE = """
CREATE FUNCTION erase_waiting(c text, s text, v integer) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
  -- What follows the colon of a reason may quote the data.
  UPDATE parked
     SET headers = without_salt(headers, value), value = '', reason = split_part(reason, ':', 1)
   WHERE context = c AND subject = s AND version = v AND value <> '';
  UPDATE discarded
     SET headers = without_salt(headers, value), value = '', reason = split_part(reason, ':', 1)
   WHERE context = c AND subject = s AND version = v AND value <> '';
END $$;

CREATE FUNCTION erase_named() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
  v integer := version_named(NEW.data);
BEGIN
  EXECUTE format(
    'UPDATE %I SET salt = sha256(salt || data), data = '''''
    ' WHERE context = $1 AND subject = $2 AND version = $3 AND version < $4 AND data <> ''''',
    TG_TABLE_NAME)
    USING NEW.context, NEW.subject, v, NEW.version;
  IF TG_TABLE_NAME = 'log' THEN
    INSERT INTO erasure (context, subject, version, datahash, cause)
    SELECT context, subject, version, salt, NEW.position FROM log
     WHERE context = NEW.context AND subject = NEW.subject AND version = v AND data = ''
    ON CONFLICT DO NOTHING;
  ELSE
    PERFORM erase_waiting(NEW.context, NEW.subject, v);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION erase_named_while_waiting() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
  v integer := version_named(NEW.value);
BEGIN
  EXECUTE format(
    'UPDATE %I SET salt = sha256(salt || data), data = '''''
    ' WHERE context = $1 AND subject = $2 AND version = $3 AND version < $4 AND data <> ''''',
    TG_ARGV[0])
    USING NEW.context, NEW.subject, v, NEW.version;
  PERFORM erase_waiting(NEW.context, NEW.subject, v);
  RETURN NULL;
END $$;
"""

AS_OWNER = ("erase_waiting(text, text, integer)", "erase_named()", "erase_named_while_waiting()")
"""What runs with the rights of the owner: for the triggers alone, and for nobody to call."""

_IS_ERASED = "'fuyan.' || NEW.context || '.erased.v1'"


def allow(connection: Connection, frozen: str, copies: str) -> None:
    """Let events of the append-only table `frozen` be erased, and their copies in `copies`.

    `copies` is where this database keeps what it followed: `heard`, or `journal`, which is
    append-only as well. What waits in `parked`, or was discarded from it, goes with them.
    """
    schema = connection.dialect.identifier_preparer.quote(
        connection.execute(text("SELECT current_schema()")).scalar_one()
    )
    # Not through `text`, which would take casts and formats for parameters.
    run = connection.exec_driver_sql
    for statement in _statements(_NAMED + _GUARD + _ERASE.replace("{schema}", schema)):
        run(statement)
    run(f"DROP TRIGGER {frozen}_append_only ON {frozen}")
    run(
        f"CREATE TRIGGER {frozen}_append_only BEFORE DELETE OR TRUNCATE ON {frozen}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    run(
        f"CREATE TRIGGER {frozen}_only_erased BEFORE UPDATE ON {frozen}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasing()"
    )
    for table in dict.fromkeys((frozen, copies)):
        run(
            f"CREATE TRIGGER {table}_erases AFTER INSERT ON {table} FOR EACH ROW"
            f" WHEN (NEW.type = {_IS_ERASED}) EXECUTE FUNCTION erase_named()"
        )
    run(
        "CREATE TRIGGER parked_erases AFTER INSERT ON parked FOR EACH ROW"
        f" WHEN (header_of(NEW.headers, 'ce_type') = {_IS_ERASED})"
        f" EXECUTE FUNCTION erase_named_while_waiting('{copies}')"
    )


def _statements(script: str) -> list[str]:
    """One by one: asyncpg prepares what it runs, and a prepared statement is a single one."""
    return [part + ";" for part in script.split(";\n\n") if part.strip()]
