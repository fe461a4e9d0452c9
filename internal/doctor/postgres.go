package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres looks at a database as somebody who only reads, and speaks to it in a way that
// every pooler lets through.
func (x *examination) postgres(ctx context.Context) {
	n, name := x.of(Store), x.Settings.StoreName()
	pool, err := pgxpool.ParseConfig(x.Settings.Store)
	if err != nil { // the settings' check has said what is wrong, without what is secret
		n.fault("the URL of the store can't be read", "want postgres://USER:PASSWORD@HOST/DATABASE")
		return
	}
	c := pool.ConnConfig
	c.DefaultQueryExecMode, c.ConnectTimeout = pgx.QueryExecModeSimpleProtocol, patience
	if several(c) && c.ValidateConnect == nil {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // as nodes do
	}
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		n.fault(fmt.Sprintf("%s can't be reached: %v", name, postgresWords(err)), postgresFix(err))
		return
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it is done
	var s postgresState
	if err := s.read(ctx, conn); err != nil {
		n.fault(fmt.Sprintf("%s can't be asked how it is: %v", name, postgresWords(err)), postgresFix(err))
		return
	}
	way := ""
	if conn.PgConn().PID() != s.backend {
		way = ", through a pooler"
	}
	n.ok("%s is PostgreSQL %s%s", name, s.version, way)
	s.durable(n)
	s.usable(n, perNode(pool))
	err = x.roundTrips(ctx, n, func(ctx context.Context) (at time.Time, err error) {
		var micros int64
		err = conn.QueryRow(ctx, "select (extract(epoch from clock_timestamp()) * 1000000)::bigint").Scan(&micros)
		return time.UnixMicro(micros), err
	})
	if err != nil {
		n.fault(fmt.Sprintf("%s stops answering: %v", name, postgresWords(err)), "look into its log")
	}
}

// several reports whether a URL names more than one server; each may be tried twice, with
// TLS and without. Of one that stands alone, it is told what is wrong with it.
func several(c *pgx.ConnConfig) bool {
	return slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port })
}

// postgresState is what a server says of itself.
type postgresState struct {
	version           string
	number            int
	backend           uint32
	standby           bool
	readOnly          bool
	fsync, pages      string
	commit, followers string
	encoding          string
	most, kept, used  int // connections
	creates           bool
	schema            string
	made              bool // Parley's tables are there
	inserts           bool // and its user may write in them
}

func (s *postgresState) read(ctx context.Context, conn *pgx.Conn) error {
	return conn.QueryRow(ctx, `select current_setting('server_version'), current_setting('server_version_num')::int, pg_backend_pid(),
		pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', current_setting('fsync'), current_setting('full_page_writes'),
		current_setting('synchronous_commit'), current_setting('synchronous_standby_names'), current_setting('server_encoding'),
		current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int,
		(select sum(numbackends) from pg_stat_database)::int,
		coalesce(has_schema_privilege(current_schema(), 'create'), false), coalesce(current_schema(), ''),
		to_regclass('life') is not null and to_regclass('writer') is not null,
		coalesce(has_table_privilege(to_regclass('writer'), 'insert'), false)`).Scan(
		&s.version, &s.number, &s.backend, &s.standby, &s.readOnly, &s.fsync, &s.pages, &s.commit, &s.followers, &s.encoding,
		&s.most, &s.kept, &s.used, &s.creates, &s.schema, &s.made, &s.inserts)
}

// durable looks whether what is committed stays.
func (s *postgresState) durable(n notes) {
	const lost = ": what was acknowledged can be lost, or the database broken, when its machine dies"
	right := true
	if s.fsync != "on" {
		n.fault("fsync is "+s.fsync+lost, "fsync = on")
		right = false
	}
	if s.pages != "on" {
		n.warn("full_page_writes is "+s.pages+": a power cut may leave pages half written", "full_page_writes = on, unless the filesystem never tears a page (ZFS)")
		right = false
	}
	switch s.commit {
	case "off":
		n.fault("synchronous_commit is off: what was acknowledged in the last moment before a crash is lost", "synchronous_commit = on, for this database or its user")
		right = false
	case "local":
		if s.followers != "" {
			n.warn("synchronous_commit is local: a failover may lose what was acknowledged, though there are synchronous standbys", "synchronous_commit = on")
			right = false
		}
	}
	if right && s.followers == "" {
		n.ok("a commit is on its disk; a failover to a standby that lacks some of it begins a new epoch in every room")
	} else if right {
		n.ok("a commit is on its disk, and on that of its synchronous standbys (synchronous_commit %s)", s.commit)
	}
}

// usable looks whether nodes can work with it.
func (s *postgresState) usable(n notes, each int) {
	switch {
	case s.number < 130000:
		n.fault("PostgreSQL "+s.version+" is too old", "PostgreSQL 13 or newer")
	case s.number < 140000:
		n.warn("PostgreSQL "+s.version+" is no longer mended by its makers", "use a newer one")
	}
	if s.standby {
		n.fault("it is a standby, in which nothing can be written", "name the primary, or several hosts with target_session_attrs=read-write")
	} else if s.readOnly {
		n.fault("it lets nobody write (default_transaction_read_only)", "have it off, for this database or its user")
	}
	if s.encoding != "UTF8" {
		n.fault("its encoding is "+s.encoding+", in which not everything that people write can be kept", "make a database with encoding UTF8")
	}
	switch {
	case s.made && !s.inserts:
		n.fault("Parley's tables are there, and its user may not write in them", "name their owner in the URL")
	case s.made:
		n.ok("Parley's tables are there")
	case !s.creates:
		n.fault(fmt.Sprintf("Parley's tables are not there, and its user may make none in the schema %q", s.schema), "grant create on schema to that user, or have them made by one who may: the first start does it")
	default:
		n.ok("Parley's tables are not there yet: the first start makes them")
	}
	left := s.most - s.kept - s.used
	found := fmt.Sprintf("%d of %d connections are in use; a node takes up to %d", s.used, s.most, each)
	if left < each {
		n.warn(found, "raise max_connections, put PgBouncer in between, or give the nodes fewer (pool_max_conns in the URL)")
	} else {
		n.ok("%s", found)
	}
}

// perNode is how many connections a node takes at most.
func perNode(pool *pgxpool.Config) int {
	const usual = 8 // where the URL names none, as the store has it
	if given, err := pgx.ParseConfig(pool.ConnString()); err == nil && given.RuntimeParams["pool_max_conns"] == "" {
		return usual
	}
	return int(pool.MaxConns)
}

// postgresWords is an error without the driver's list of where it tried.
func postgresWords(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return fmt.Errorf("%s (%s)", said.Message, said.Code)
	}
	return inWords(err)
}

func postgresFix(err error) string {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return "is it running there, and may this machine come in (listen_addresses, firewall)?"
	}
	switch said.Code {
	case "28P01":
		return "look at user and password of the URL"
	case "28000":
		return "let this machine and user in (pg_hba.conf)"
	case "3D000":
		return "make it: createdb"
	case "53300":
		return "raise max_connections, or put PgBouncer in between"
	case "57P03":
		return "it is starting up or shutting down: look into its log if that stays"
	}
	return "look into its log"
}
