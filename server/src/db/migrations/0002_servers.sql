-- The servers that share this database, each for one life of its process.
create table servers (
  id text primary key,
  -- Where others send requests for the machines whose links it has, and the certificate (PEM) that is its alone; null: it takes none.
  peer_url text,
  peer_certificate text,
  -- Rises while it lives. Counted and not timed, so that nobody's clock matters.
  beat bigint not null default 0,
  started_at timestamptz not null,
  check ((peer_url is null) = (peer_certificate is null))
);

-- Which server holds a machine's link stands in its own row (link_server, fenced by link_epoch); this is since when.
alter table machines add column linked_at timestamptz;
create index machines_link_server on machines (link_server) where link_server is not null;
