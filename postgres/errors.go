package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"duradesk/ticket"
)

// Away reports whether err says that the database could not be reached, went away or has no room, or that only a newer
// program can read what stands there: nothing is known
// about what the failed call stored, and the same call may succeed later. An ended deadline counts, a cancelled
// context does not.
func Away(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if errors.Is(err, errObjectsAway) {
		return true
	}
	if errors.Is(err, ErrTooLong) {
		return false
	}
	if ticket.CodeOf(err) == ticket.Newer {
		return true // a newer program, which is being deployed beside this one, can
	}
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return awayState(pg.Code) || pg.File == storageManager
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, puddle.ErrClosedPool) ||
		pgconn.SafeToRetry(err)
}

// ErrTooLong says that the database answers, but did not answer a list in the time that its asker had: to ask for less helps,
// to ask again hardly.
var ErrTooLong = errors.New("the database takes too long for this list")

// answers is how long a database may take to show that it is there.
const answers = time.Second

// tooLong tells a list that takes too long from a database that is away: the one leaves the database answering others.
func (s *Store) tooLong(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || !errors.Is(ctx.Err(), context.DeadlineExceeded) && sqlState(err) != ended {
		return err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), answers)
	defer done()
	if s.pool.Ping(ctx) != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrTooLong, err)
}

// ended is the SQLSTATE of a statement that was ended: by its asker, or by the server's own statement_timeout.
const ended = "57014"

// storageManager is the source of Postgres that reads and writes the files of tables. A file that may grow no more (a limit
// of the system or of the file system) is an internal error by its SQLSTATE, and only its place tells it from others.
const storageManager = "md.c"

// awayState sorts SQLSTATEs: connection exceptions, out of resources, errors of the system below it (a disk that fails),
// shutting down or starting up, a server that only reads (a standby, during a switch-over), and what waited too long for a
// lock or lost to a rival.
func awayState(code string) bool {
	switch code {
	case "57P01", "57P02", "57P03", "25006", "55P03", ended, "40001", "40P01":
		return true
	}
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53") || strings.HasPrefix(code, "58")
}

func notFound(format string, args ...any) error {
	return &ticket.Error{Code: ticket.NotFound, Message: fmt.Sprintf(format, args...)}
}

func invalid(field, format string, args ...any) error {
	return &ticket.Error{Code: ticket.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

func conflict(field, format string, args ...any) error {
	return &ticket.Error{Code: ticket.Conflict, Field: field, Message: fmt.Sprintf(format, args...)}
}

// violated returns the name of the constraint that err broke, with the SQLSTATE that says how; "" for another error.
func violated(err error) (constraint, state string) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && strings.HasPrefix(pg.Code, "23") {
		return pg.ConstraintName, pg.Code
	}
	return "", ""
}

func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
