-- A submission store as the first release made it, with three commands in it: pg_dump --inserts.
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: what was acknowledged stays', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.claim (
    kind text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    command text NOT NULL
);
CREATE TABLE public.command (
    key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    first bigint,
    last bigint NOT NULL
);
CREATE TABLE public.draft (
    programme text NOT NULL COLLATE pg_catalog."C",
    township text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    facts text[] NOT NULL,
    facts_version bigint NOT NULL
);
CREATE TABLE public.draft_item (
    programme text NOT NULL COLLATE pg_catalog."C",
    township text NOT NULL COLLATE pg_catalog."C",
    item text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    mark jsonb NOT NULL,
    edited_by text NOT NULL,
    edited_at timestamp with time zone NOT NULL
);
CREATE TABLE public.evidence (
    sha256 text NOT NULL COLLATE pg_catalog."C",
    programme text NOT NULL COLLATE pg_catalog."C",
    township text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    media_type text NOT NULL COLLATE pg_catalog."C",
    bytes bigint NOT NULL,
    uploaded_by text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.evidence_erasure (
    sha256 text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    organisation text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C",
    document jsonb NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.evidence_gone (
    sha256 text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.evidence_part (
    upload text NOT NULL COLLATE pg_catalog."C",
    number integer NOT NULL,
    sha256 text NOT NULL COLLATE pg_catalog."C",
    bytes bigint NOT NULL
);
CREATE TABLE public.evidence_read (
    number bigint NOT NULL,
    sha256 text NOT NULL COLLATE pg_catalog."C",
    programme text NOT NULL COLLATE pg_catalog."C",
    township text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    organisation text NOT NULL COLLATE pg_catalog."C",
    grounds text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL
);
ALTER TABLE public.evidence_read ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.evidence_read_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.evidence_upload (
    id text NOT NULL COLLATE pg_catalog."C",
    programme text NOT NULL COLLATE pg_catalog."C",
    township text NOT NULL COLLATE pg_catalog."C",
    organisation text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    media_type text NOT NULL COLLATE pg_catalog."C",
    bytes bigint NOT NULL,
    opened_by text NOT NULL COLLATE pg_catalog."C",
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    sent text,
    kept text
);
CREATE TABLE public.fence (
    topic text NOT NULL COLLATE pg_catalog."C",
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.head (
    context text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.heard (
    "position" bigint NOT NULL,
    context text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    effective_on date NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    on_behalf_of text,
    correlation uuid NOT NULL,
    causation uuid NOT NULL,
    command bytea NOT NULL,
    traceparent text,
    data bytea NOT NULL,
    salt bytea NOT NULL,
    leaf bytea NOT NULL,
    arrival bigint NOT NULL
);
CREATE TABLE public.log (
    "position" bigint NOT NULL,
    context text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    effective_on date NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    on_behalf_of text,
    correlation uuid NOT NULL,
    causation uuid NOT NULL,
    command bytea NOT NULL,
    traceparent text,
    data bytea NOT NULL,
    salt bytea NOT NULL,
    leaf bytea NOT NULL,
    CONSTRAINT log_counts_from_one CHECK ((("position" > 0) AND (version > 0))),
    CONSTRAINT log_data_bounded CHECK ((octet_length(data) <= 262144))
);
CREATE TABLE public.parked (
    context text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    seq integer NOT NULL,
    subject text NOT NULL,
    version integer NOT NULL,
    id uuid NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamp with time zone NOT NULL
);
CREATE TABLE public.published (
    single boolean DEFAULT true NOT NULL,
    "position" bigint NOT NULL,
    cluster text NOT NULL,
    ends jsonb NOT NULL,
    CONSTRAINT published_one_row CHECK (single)
);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.claim VALUES ('plaque', 'a-1', '370406001-office:li/k-2');
INSERT INTO public.command VALUES ('370406001-office:li/k-1', '\x230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5', 'p/a', 2, 1, 2);
INSERT INTO public.command VALUES ('370406001-office:li/k-2', '\x230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5', 'p/b', 1, 3, 3);
INSERT INTO public.command VALUES ('370406001-office:li/k-3', '\x230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5', 'p/a', 2, NULL, 0);
INSERT INTO public.log VALUES (1, 'dossier', 'p/a', 1, '01a210bd-4aef-7008-98b0-2301e2136258', 'fuyan.dossier.deficiency-withdrawn.v1', '2026-11-25', '2026-11-25 03:26:10.671733+00', '2026-11-25 03:26:10.671733+00', 'o:1', NULL, '500264fc-f789-4126-b5a9-b2b0a3c1d57d', '500264fc-f789-4126-b5a9-b2b0a3c1d57d', '\x1784e991e9c30e0ba57fd22e186fcd841091b27e080b3b4e2cf786bf2764c747', NULL, '\x7b2270726f6772616d6d65223a2270222c226566666563746976655f6f6e223a22323032362d31312d3235222c226261636b64617465645f726561736f6e223a6e756c6c2c22646f63756d656e74223a6e756c6c2c22746f776e73686970223a2274222c22746f776e736869705f6e616d65223a2254222c226f6666696365223a226f222c22646566696369656e63795f6964223a2264222c226974656d223a2273746166662d33222c226279223a2273656c66222c22726561736f6e223a226f6e65222c22636f727265637473223a6e756c6c7d', '\xad5ddb1ffd32960c05478cc8b8d65737', '\xefcbc07621f3e56f8f9e601dc46ed34a3ebd4ed9611b768f4b2356d96a8324a9');
INSERT INTO public.log VALUES (2, 'dossier', 'p/a', 2, '01a210bd-4af0-7057-8875-dd12842dc72c', 'fuyan.dossier.deficiency-withdrawn.v1', '2026-11-25', '2026-11-25 03:26:10.671733+00', '2026-11-25 03:26:10.671733+00', 'o:1', NULL, '500264fc-f789-4126-b5a9-b2b0a3c1d57d', '500264fc-f789-4126-b5a9-b2b0a3c1d57d', '\x1784e991e9c30e0ba57fd22e186fcd841091b27e080b3b4e2cf786bf2764c747', NULL, '\x7b2270726f6772616d6d65223a2270222c226566666563746976655f6f6e223a22323032362d31312d3235222c226261636b64617465645f726561736f6e223a6e756c6c2c22646f63756d656e74223a6e756c6c2c22746f776e73686970223a2274222c22746f776e736869705f6e616d65223a2254222c226f6666696365223a226f222c22646566696369656e63795f6964223a2264222c226974656d223a2273746166662d33222c226279223a2273656c66222c22726561736f6e223a2274776f222c22636f727265637473223a6e756c6c7d', '\x90b10029f328424f765a231db8fc89ad', '\x8b941dca28c02ae7d3abd3725a15023c36df2f4ae4630407a9fca6f99c32be21');
INSERT INTO public.log VALUES (3, 'dossier', 'p/b', 1, '01a210bd-4b29-7327-954e-0f2dca3474af', 'fuyan.dossier.deficiency-withdrawn.v1', '2026-11-25', '2026-11-25 03:26:10.729371+00', '2026-11-25 03:26:10.729371+00', 'o:1', NULL, 'f25528c9-9529-4e8f-a61f-8b8e85d762c8', 'f25528c9-9529-4e8f-a61f-8b8e85d762c8', '\x01729beab83f12dd27f7816a6a2ea3ed9b4de5c472b14946e457ffdb09a74054', NULL, '\x7b2270726f6772616d6d65223a2270222c226566666563746976655f6f6e223a22323032362d31312d3235222c226261636b64617465645f726561736f6e223a6e756c6c2c22646f63756d656e74223a6e756c6c2c22746f776e73686970223a2274222c22746f776e736869705f6e616d65223a2254222c226f6666696365223a226f222c22646566696369656e63795f6964223a2264222c226974656d223a2273746166662d33222c226279223a2273656c66222c22726561736f6e223a227468726565222c22636f727265637473223a6e756c6c7d', '\x36439b521f9aa36df111f37f5f2b1676', '\x439568c4d5c5a21867a17e26e6e6e206455cfee4191f789fa18d93e68b7a6405');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.claim
    ADD CONSTRAINT claim_pkey PRIMARY KEY (kind, value);
ALTER TABLE ONLY public.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.draft_item
    ADD CONSTRAINT draft_item_pkey PRIMARY KEY (programme, township, item);
ALTER TABLE ONLY public.draft
    ADD CONSTRAINT draft_pkey PRIMARY KEY (programme, township);
ALTER TABLE ONLY public.evidence_erasure
    ADD CONSTRAINT evidence_erasure_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.evidence_gone
    ADD CONSTRAINT evidence_gone_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.evidence_part
    ADD CONSTRAINT evidence_part_pkey PRIMARY KEY (upload, number);
ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (sha256, programme, township);
ALTER TABLE ONLY public.evidence_read
    ADD CONSTRAINT evidence_read_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.evidence_upload
    ADD CONSTRAINT evidence_upload_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fence
    ADD CONSTRAINT fence_pkey PRIMARY KEY (topic, partition);
ALTER TABLE ONLY public.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (context, subject);
ALTER TABLE ONLY public.heard
    ADD CONSTRAINT heard_arrival UNIQUE (arrival);
ALTER TABLE ONLY public.heard
    ADD CONSTRAINT heard_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.heard
    ADD CONSTRAINT heard_stream_version UNIQUE (context, subject, version);
ALTER TABLE ONLY public.log
    ADD CONSTRAINT log_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY public.log
    ADD CONSTRAINT log_stream_version UNIQUE (context, subject, version);
ALTER TABLE ONLY public.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (context, key, seq);
ALTER TABLE ONLY public.published
    ADD CONSTRAINT published_pkey PRIMARY KEY (single);
CREATE INDEX evidence_of ON public.evidence USING btree (programme, township, sha256);
CREATE INDEX evidence_read_of ON public.evidence_read USING btree (sha256, number);
CREATE TRIGGER claim_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.claim FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER command_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.command FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER evidence_erasure_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.evidence_erasure FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER evidence_read_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.evidence_read FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.log FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE ONLY public.draft_item
    ADD CONSTRAINT draft_item_of FOREIGN KEY (programme, township) REFERENCES public.draft(programme, township);
ALTER TABLE ONLY public.evidence_part
    ADD CONSTRAINT evidence_part_upload_fkey FOREIGN KEY (upload) REFERENCES public.evidence_upload(id) ON DELETE CASCADE;
