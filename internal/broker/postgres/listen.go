package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-chat/parley/internal/broker"
)

// session is one that listens.
type session struct {
	broker *Broker
	conn   *pgconn.PgConn

	asked  map[string]uint64 // topics, and the subscriptions that are listened to
	named  map[string]string // topics by their channels
	beat   string            // the channel of beats
	beaten bool              // one came
	came   time.Time         // when anything did last
	notes  []*pgconn.Notification
}

var (
	errSilent    = fmt.Errorf("nothing came for %v", silence)
	errNoSession = errors.New("--broker postgres needs a session: what is published doesn't come back to who listens, as behind a PgBouncer " +
		"whose pool_mode is transaction; let --store lead to PostgreSQL itself or to a pool_mode of session, or take --broker redis://…")
)

// listen makes a session, and returns why it ended.
func (b *Broker) listen(ctx context.Context) error {
	s := &session{broker: b, asked: map[string]uint64{}, named: map[string]string{}, beat: channel(b.name), came: time.Now()}
	config := b.config.Copy()
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { s.notes = append(s.notes, n) }
	conn, err := dial(ctx, config)
	if err != nil {
		return err
	}
	s.conn = conn
	defer closeSoon(conn)
	err = s.serve(ctx)
	if f, _ := b.failed.Load().(failure); f.error != nil && errors.Is(err, errSilent) {
		return fmt.Errorf("%w; publishing: %w", err, f.error)
	}
	if errors.Is(err, errSilent) && !s.beaten {
		return errNoSession
	}
	return err
}

func dial(ctx context.Context, config *pgconn.Config) (*pgconn.PgConn, error) {
	// Each of several servers is given timeout by the configuration itself.
	ctx, cancel := context.WithTimeout(ctx, time.Duration(2+len(config.Fallbacks))*timeout)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}

// closeSoon takes leave, but waits for no answer.
func closeSoon(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_ = conn.Close(ctx)
}

func (s *session) serve(ctx context.Context) error {
	topics := s.broker.topics
	// A pooler keeps what it was asked, though it gives no session: so no more is asked
	// before the beat came.
	if err := s.exec(ctx, []string{"listen " + s.beat}); err != nil {
		return err
	}
	s.broker.sendBeat()
	for !s.beaten {
		if err := s.hear(ctx, nil); err != nil {
			return err
		}
	}
	subs, err := s.change(ctx, topics.All(0))
	if err != nil {
		return err
	}
	topics.Up(0, subs)
	for {
		if err := s.hear(ctx, topics.Changed(0)); err != nil {
			return err
		}
		subs, err := s.change(ctx, topics.Changes(0))
		if err != nil {
			return err
		}
		if len(subs) > 0 {
			topics.Up(0, subs)
		}
		s.tell()
	}
}

// change has topics be as they are wanted, and gives those that are listened to now.
func (s *session) change(ctx context.Context, changes []broker.Subscription) (subs []broker.Subscription, err error) {
	var statements []string
	for _, c := range changes {
		asked, name := s.asked[c.Topic], channel(c.Topic)
		switch {
		case c.ID == asked: // it was wanted, or not, for a moment
			continue
		case c.ID == 0:
			delete(s.asked, c.Topic)
			delete(s.named, name)
			statements = append(statements, "unlisten "+name)
			continue
		case asked == 0:
			s.named[name] = c.Topic
			statements = append(statements, "listen "+name)
		}
		s.asked[c.Topic] = c.ID
		subs = append(subs, c)
	}
	return subs, s.exec(ctx, statements)
}

// atOnce is how many statements one round trip has. Each LISTEN is compared with all
// channels that the session has by then, so that they take longer the more there are.
const atOnce = 500

// exec runs statements, some together: those take effect when the last of them is done.
func (s *session) exec(ctx context.Context, statements []string) error {
	for some := range slices.Chunk(statements, atOnce) {
		if err := s.execSome(ctx, some); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		s.tell() // what came meanwhile
		s.came = time.Now()
	}
	return nil
}

func (s *session) execSome(ctx context.Context, statements []string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := s.conn.Exec(ctx, strings.Join(statements, ";")).ReadAll()
	return err
}

// hear hears what is published, for a second or until something has changed.
func (s *session) hear(ctx context.Context, changed <-chan struct{}) error {
	round, end := context.WithTimeout(ctx, time.Second)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-changed:
			end()
		case <-round.Done():
		}
	}()
	defer func() {
		end()
		<-watching
	}()
	s.broker.beatAgain()
	for {
		err := s.conn.WaitForNotification(round)
		s.tell()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case round.Err() == nil || s.conn.IsClosed():
			return err
		case time.Since(s.came) > silence:
			return errSilent
		default:
			return nil
		}
		if s.beaten && changed == nil {
			return nil
		}
	}
}

// tell tells what was heard.
func (s *session) tell() {
	if len(s.notes) == 0 {
		return
	}
	// Unread, it would fill the queue of the whole server.
	stuck := time.AfterFunc(maxStuck, func() { _ = s.conn.Conn().Close() })
	defer stuck.Stop()
	for _, n := range s.notes {
		if n.Channel == s.beat {
			s.beaten = true
			continue
		}
		topic, listening := s.named[n.Channel]
		if payload, ok := decode(n.Payload); ok && listening {
			stuck.Reset(maxStuck)
			s.broker.topics.Heard(topic, payload)
		}
	}
	s.notes, s.came = s.notes[:0], time.Now()
}
