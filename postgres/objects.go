package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Objects is a store for the bytes of files outside the database. Keys are never used twice.
//
// Nothing is lost between the two: bytes are in the store before the row that speaks for them is committed, and they are
// removed only after such a row has gone. Until the commit, and from the removal of the row on, their key stands in
// loose_objects, from which the cleaner works.
type Objects interface {
	Put(ctx context.Context, key string, content io.Reader, size int64) error
	// Open reads from that byte on.
	Open(ctx context.Context, key string, from int64) (io.ReadCloser, error)
	// Remove takes away what may not be there.
	Remove(ctx context.Context, key string) error
}

// errNoObjects says that a file lies where this process has no way to.
var errNoObjects = errors.New("the file lies in a store outside the database, and no such store is set up (DURADESK_ATTACHMENTS_ENDPOINT)")

// errObjectsAway says that the outside store does not answer.
var errObjectsAway = errors.New("the store of attachments cannot be reached")

// loading is how many files may lie whole in the memory of a process on their way into the database.
const loading = 4

// placed is where the bytes of a file are before the transaction that speaks for them.
type placed struct {
	hash   []byte
	known  bool   // the database knows them
	object string // key in the outside store
	data   []byte // for the database itself
	done   func() // must be called once the transaction is over
}

// place puts the bytes of a file where they belong, unless they are there. Where the outside store fails, the database
// takes them: nobody is refused for it, and they can be moved later.
func (s *Store) place(ctx context.Context, hash [32]byte, size int64, content io.ReadSeeker) (placed, error) {
	at := placed{hash: hash[:], done: func() {}}
	if err := s.pool.QueryRow(ctx, `select exists (select from blobs where hash = $1)`, at.hash).Scan(&at.known); err != nil || at.known {
		return at, err
	}
	if s.objects != nil && size > 0 { // nothing needs no place
		key, err := s.putObject(ctx, hash, size, content)
		if err == nil {
			at.object = key
			return at, nil
		}
		s.log.WarnContext(ctx, "the store of attachments fails: the database takes the file", slog.Any("error", err))
		if _, err := content.Seek(0, io.SeekStart); err != nil {
			return at, err
		}
	}
	select {
	case s.loading <- struct{}{}:
		at.done = func() { <-s.loading }
	case <-ctx.Done():
		return at, ctx.Err()
	}
	at.data = make([]byte, size)
	if _, err := io.ReadFull(content, at.data); err != nil {
		at.done()
		return at, fmt.Errorf("read a file: %w", err)
	}
	return at, nil
}

// putObject stores bytes under a new key, which stands in loose_objects for a day first: should this process die now, the
// cleaner finds them.
func (s *Store) putObject(ctx context.Context, hash [32]byte, size int64, content io.Reader) (string, error) {
	key := hex.EncodeToString(hash[:]) + "/" + uuid.NewString()
	if _, err := s.pool.Exec(ctx, `insert into loose_objects (key, from_then) values ($1, clock_timestamp() + interval '1 day')`, key); err != nil {
		return "", err
	}
	if err := s.objects.Put(ctx, key, content, size); err != nil {
		return "", err
	}
	return key, nil
}

// commit makes the row that speaks for the bytes, within the transaction that needs it.
func (p placed) commit(ctx context.Context, tx pgx.Tx) error {
	if p.known {
		var there bool
		err := tx.QueryRow(ctx, `select true from blobs where hash = $1 for key share`, p.hash).Scan(&there)
		if noRows(err) {
			return errBlobGone
		}
		return err
	}
	b := &pgx.Batch{}
	p.queue(b)
	return send(ctx, tx, b)
}

// queue writes the row. Where somebody else was faster with the same bytes, his row speaks for them and ours stay loose.
func (p placed) queue(b *pgx.Batch) {
	if p.object == "" {
		b.Queue(`insert into blobs (hash, data) values ($1, $2) on conflict do nothing`, p.hash, p.data)
		return
	}
	// A key that the cleaner took meanwhile has no bytes any more: then there is no row, and whatever refers to it fails.
	b.Queue(`with kept as (select key from loose_objects where key = $2 for update),
			put as (insert into blobs (hash, object) select $1, key from kept on conflict do nothing returning object)
		delete from loose_objects l using put where l.key = put.object`, p.hash, p.object)
}

// placeFiles puts the files that come with a message into the outside store before its transaction begins.
func (s *Store) placeFiles(ctx context.Context, m *ticket.NewMessage) {
	if m == nil || s.objects == nil {
		return
	}
	for i, f := range m.Files {
		if f.DraftFile != "" || f.Upload != "" || len(f.Data) == 0 {
			continue
		}
		hash := sha256.Sum256(f.Data)
		var known bool
		if err := s.pool.QueryRow(ctx, `select exists (select from blobs where hash = $1)`, hash[:]).Scan(&known); err != nil || known {
			continue // the transaction will meet the same trouble, or the same row
		}
		key, err := s.putObject(ctx, hash, int64(len(f.Data)), newReader(f.Data))
		if err != nil {
			s.log.WarnContext(ctx, "the store of attachments fails: the database takes the file", slog.Any("error", err))
			continue
		}
		m.Files[i].Object = key
	}
}
