package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// cleanAtOnce is how many rows of each kind one round of cleaning takes.
const cleanAtOnce = 200

// CleanFiles takes away what nobody refers to any more: uploads that have expired, files that went with their last
// reference, and what lies in the outside store without a row that speaks for it. Any number may clean at once.
func (q *Queue) CleanFiles(ctx context.Context) error {
	_, err := q.s.pool.Exec(ctx, `delete from uploads where id in (select id from uploads where expires_at <= clock_timestamp() order by expires_at limit $1 for update skip locked)`, cleanAtOnce)
	if err != nil {
		return fmt.Errorf("clean expired uploads: %w", err)
	}
	// Whoever refers to one of them meanwhile holds its row: then the foreign key refuses, and the next round looks again.
	_, err = q.s.pool.Exec(ctx, `with loose as (delete from loose_blobs where hash in (select hash from loose_blobs limit $1 for update skip locked) returning hash)
		delete from blobs b using loose where b.hash = loose.hash and `+unreferenced, cleanAtOnce)
	if err != nil {
		return fmt.Errorf("clean files without a reference: %w", err)
	}
	return q.s.cleanObjects(ctx)
}

// unreferenced says of a row b of blobs that nothing refers to it.
const unreferenced = `not exists (select from messages where raw = b.hash) and not exists (select from attachments where blob = b.hash)
	and not exists (select from ledger where raw = b.hash) and not exists (select from draft_files where blob = b.hash)
	and not exists (select from uploads where blob = b.hash)`

func (s *Store) cleanObjects(ctx context.Context) error {
	if s.objects == nil {
		return nil // they wait for a process that knows the store
	}
	rows, err := s.pool.Query(ctx, `select key from loose_objects where from_then <= clock_timestamp() order by from_then limit $1`, cleanAtOnce)
	if err != nil {
		return fmt.Errorf("list what is loose in the store of attachments: %w", err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list what is loose in the store of attachments: %w", err)
	}
	for _, key := range keys {
		if err := s.objects.Remove(ctx, key); err != nil {
			return fmt.Errorf("clean the store of attachments: %w", err)
		}
		if _, err := s.pool.Exec(ctx, `delete from loose_objects where key = $1`, key); err != nil {
			return fmt.Errorf("clean the store of attachments: %w", err)
		}
	}
	return nil
}

// FilesPlaced tells how many files lie in the database and in the outside store, and how many bytes of theirs.
type FilesPlaced struct {
	Database, Outside           int64
	DatabaseBytes, OutsideBytes int64
}

// FilesPlaced counts where the files of messages, drafts and uploads lie. It reads every file's row, not its bytes.
func (s *Store) FilesPlaced(ctx context.Context) (FilesPlaced, error) {
	var p FilesPlaced
	err := s.pool.QueryRow(ctx, `with sizes as (select blob, max(size) as size from (
			select blob, size from attachments union all select blob, size from draft_files union all select blob, size from uploads) f group by blob)
		select count(*) filter (where b.object is null and f.size > 0), count(*) filter (where b.object is not null),
			coalesce(sum(f.size) filter (where b.object is null), 0)::bigint, coalesce(sum(f.size) filter (where b.object is not null), 0)::bigint
		from sizes f join blobs b on b.hash = f.blob`).Scan(&p.Database, &p.Outside, &p.DatabaseBytes, &p.OutsideBytes)
	if err != nil {
		return p, fmt.Errorf("count files: %w", err)
	}
	return p, nil
}

// FilesOutside reports whether any file lies in the outside store.
func (s *Store) FilesOutside(ctx context.Context) (there bool, err error) {
	if err = s.pool.QueryRow(ctx, `select exists (select from blobs where object is not null)`).Scan(&there); err != nil {
		return false, fmt.Errorf("look for files outside the database: %w", err)
	}
	return there, nil
}
