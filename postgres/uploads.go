package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// mostUploaded is how many bytes of one uploader may wait for their messages.
const mostUploaded = 1 << 30

// errBlobGone says that what was there when it was looked for has been cleaned away since.
var errBlobGone = errors.New("the file was cleaned away meanwhile")

// KeepUpload stores a file whose hash and size are known. The same bytes are stored once, whoever sends them.
// ticket.TooLarge where too much of that uploader waits already.
func (s *Store) KeepUpload(ctx context.Context, u ticket.Upload, content io.ReadSeeker) (ticket.Upload, error) {
	u.ID = uuid.Must(uuid.NewV7()).String()
	for again := true; ; again = false {
		err := s.keepUpload(ctx, &u, content)
		if errors.Is(err, errBlobGone) && again {
			continue
		}
		if err != nil {
			return ticket.Upload{}, fmt.Errorf("keep an upload: %w", err)
		}
		return u, nil
	}
}

func (s *Store) keepUpload(ctx context.Context, u *ticket.Upload, content io.ReadSeeker) error {
	var waiting int64
	if err := s.pool.QueryRow(ctx, `select coalesce(sum(size), 0)::bigint from uploads where by = $1`, u.By).Scan(&waiting); err != nil {
		return err
	}
	if waiting+u.Size > mostUploaded {
		return &ticket.Error{Code: ticket.TooLarge, Key: "uploads_full", Message: "too many files wait for their messages: send or wait a day"}
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	at, err := s.place(ctx, u.Hash, u.Size, content)
	if err != nil {
		return err
	}
	defer at.done()
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := at.commit(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `insert into uploads (id, by, name, type, size, blob, expires_at) values ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7) returning expires_at`,
			u.ID, u.By, clean(u.Name), u.Type, u.Size, u.Hash[:], ticket.UploadLife).Scan(&u.ExpiresAt)
	})
}

// Upload returns an uploader's own file that still waits; ticket.NotFound where there is none.
func (s *Store) Upload(ctx context.Context, by, id string) (ticket.Upload, error) {
	none := notFound("there is no upload %q", id)
	if !properUUID(id) {
		return ticket.Upload{}, none
	}
	u, hash := ticket.Upload{ID: id, By: by}, []byte{}
	err := s.pool.QueryRow(ctx, `select name, type, size, blob, expires_at from uploads where id = $1 and by = $2 and expires_at > clock_timestamp()`, id, by).
		Scan(&u.Name, &u.Type, &u.Size, &hash, &u.ExpiresAt)
	if noRows(err) {
		return u, none
	}
	if err != nil {
		return u, fmt.Errorf("read an upload: %w", err)
	}
	copy(u.Hash[:], hash)
	return u, nil
}

// OpenUpload returns an upload with its content, as Upload.
func (s *Store) OpenUpload(ctx context.Context, by, id string) (ticket.Attachment, *Content, error) {
	u, err := s.Upload(ctx, by, id)
	if err != nil {
		return ticket.Attachment{}, nil, err
	}
	c, err := s.content(ctx, u.Hash[:], u.Size)
	return ticket.Attachment{ID: u.ID, Name: u.Name, Type: u.Type, Size: u.Size}, c, err
}

// keepUploads lets uploads wait longer: for a bulk job, whose last ticket may come late.
func keepUploads(ctx context.Context, tx pgx.Tx, m *ticket.NewMessage) error {
	if m == nil {
		return nil
	}
	for _, f := range m.Files {
		if f.Upload == "" {
			continue
		}
		_, err := tx.Exec(ctx, `update uploads set expires_at = greatest(expires_at, clock_timestamp() + $2) where id = $1`, f.Upload, ticket.BulkUploadLife)
		if err != nil {
			return fmt.Errorf("keep an upload for a bulk job: %w", err)
		}
	}
	return nil
}
