package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// MoveFiles brings the files of messages, drafts and uploads to one place: the outside store, or the database. A file is
// read back from where it went and compared with its hash before its row says so, and taken away from where it was after
// that. It may be stopped and called again at any time; it calls back after each file.
func (s *Store) MoveFiles(ctx context.Context, outside bool, moved func(bytes int)) error {
	if s.objects == nil {
		return errNoObjects
	}
	// Sources of mail stay in the database: intake writes them in one transaction with the ledger.
	next := `select b.hash from blobs b where b.hash > $1 and b.object is not null order by b.hash limit 100`
	if outside {
		next = `select b.hash from blobs b where b.hash > $1 and b.object is null and length(b.data) > 0 and not exists (select from messages where raw = b.hash)
			and not exists (select from ledger where raw = b.hash) and not (` + unreferenced + `) order by b.hash limit 100`
	}
	for last := []byte{}; ; {
		rows, err := s.pool.Query(ctx, next, last)
		if err != nil {
			return fmt.Errorf("list files to move: %w", err)
		}
		hashes, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil || len(hashes) == 0 {
			return err
		}
		for _, hash := range hashes {
			n, err := s.moveFile(ctx, hash, outside)
			if err != nil {
				return fmt.Errorf("move the file %x: %w", hash, err)
			}
			moved(n)
		}
		last = hashes[len(hashes)-1]
	}
}

func (s *Store) moveFile(ctx context.Context, hash []byte, outside bool) (int, error) {
	var data []byte
	var object *string
	err := s.pool.QueryRow(ctx, `select data, object from blobs where hash = $1`, hash).Scan(&data, &object)
	if noRows(err) {
		return 0, nil // it went meanwhile
	}
	if err != nil {
		return 0, err
	}
	if outside && object == nil {
		return len(data), s.moveOut(ctx, hash, data)
	}
	if outside || object == nil {
		return 0, nil
	}
	if data, err = s.fetched(ctx, *object, hash); err != nil {
		return 0, err
	}
	_, err = s.pool.Exec(ctx, `update blobs set data = $2, object = null where hash = $1 and object = $3`, hash, data, *object)
	return len(data), err
}

func (s *Store) moveOut(ctx context.Context, hash, data []byte) error {
	key, err := s.putObject(ctx, [sha256.Size]byte(hash), int64(len(data)), newReader(data))
	if err != nil {
		return err
	}
	if _, err := s.fetched(ctx, key, hash); err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `with moved as (update blobs set data = null, object = $2 where hash = $1 and object is null
			and exists (select from loose_objects where key = $2) returning object)
		delete from loose_objects l using moved where l.key = moved.object`, hash, key)
	return err
}

// fetched reads an object and holds it against its hash.
func (s *Store) fetched(ctx context.Context, key string, hash []byte) ([]byte, error) {
	body, err := s.objects.Open(ctx, key, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], hash) {
		return nil, fmt.Errorf("the store of attachments gives other bytes back than it was given")
	}
	return data, nil
}

func newReader(data []byte) io.ReadSeeker { return bytes.NewReader(data) }
