package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// slice is how much of a file is read from the database at once, in bytes: so much of it lies in memory.
const slice = 512 << 10

// Content reads a file from wherever it lies, in parts. It must be closed; its context is that of the call it came from.
type Content struct {
	s     *Store
	ctx   context.Context // io.Reader has no place for it; it lives as long as the request
	hash  []byte
	size  int64
	at    int64         // where the next Read begins
	from  int64         // where ahead or body begins
	ahead []byte        // read already
	body  io.ReadCloser // of the outside store
}

// content opens a file. That it cannot be read shows now, not after the first bytes have been promised to somebody.
func (s *Store) content(ctx context.Context, hash []byte, size int64) (*Content, error) {
	c := &Content{s: s, ctx: ctx, hash: hash, size: size}
	if size == 0 {
		return c, nil
	}
	if err := c.fetch(); err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	return c, nil
}

// Read gives the next bytes.
func (c *Content) Read(p []byte) (int, error) {
	if c.at >= c.size {
		return 0, io.EOF
	}
	if c.at != c.from || c.body == nil && len(c.ahead) == 0 {
		_ = c.Close()
		if err := c.fetch(); err != nil {
			return 0, fmt.Errorf("read a file: %w", err)
		}
	}
	if c.body == nil {
		n := copy(p, c.ahead)
		c.ahead, c.at, c.from = c.ahead[n:], c.at+int64(n), c.from+int64(n)
		return n, nil
	}
	n, err := c.body.Read(p)
	c.at, c.from = c.at+int64(n), c.from+int64(n)
	if errors.Is(err, io.EOF) && c.at < c.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// fetch reads the next slice, or begins to read from the outside store: whichever has the file now.
func (c *Content) fetch() error {
	c.from = c.at
	var object *string
	err := c.s.pool.QueryRow(c.ctx, `select substring(data from $2 for $3), object from blobs where hash = $1`, c.hash, int(c.at)+1, slice).Scan(&c.ahead, &object)
	if noRows(err) {
		return notFound("the file is gone")
	}
	switch {
	case err != nil:
		return err
	case c.ahead != nil && len(c.ahead) == 0:
		return io.ErrUnexpectedEOF // there is less than its row says
	case c.ahead != nil:
		return nil
	}
	if c.s.objects == nil {
		return errNoObjects
	}
	if c.body, err = c.s.objects.Open(c.ctx, *object, c.at); err != nil {
		return fmt.Errorf("%w: %w", errObjectsAway, err)
	}
	return nil
}

// Seek moves to where the next Read begins.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return c.at, errors.New("seek before the beginning of a file")
	}
	c.at = offset // what was read ahead stays until it is known to be of no use
	return offset, nil
}

// Close ends what is being read.
func (c *Content) Close() error {
	if c.body == nil {
		return nil
	}
	body := c.body
	c.body = nil
	return body.Close()
}

// whole reads a file at once, for what needs it so: a mail that is composed.
func (s *Store) whole(ctx context.Context, hash []byte, size int64) ([]byte, error) {
	c, err := s.content(ctx, hash, size)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	data := make([]byte, size)
	if _, err := io.ReadFull(c, data); err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	return data, nil
}
