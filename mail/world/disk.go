package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// syncDir makes renames and removals inside a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeSynced writes a new file and syncs it. A date that is not zero becomes its modification time.
func writeSynced(path string, date time.Time, parts ...[]byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, file.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	for _, part := range parts {
		if _, err := file.Write(part); err != nil {
			return err
		}
	}
	if !date.IsZero() {
		if err := os.Chtimes(path, date, date); err != nil {
			return err
		}
	}
	return file.Sync()
}

// replaceFile puts data in place of the file at path, whole or not at all.
func (s *store) replaceFile(path string, data []byte) error {
	tmp := s.tmpName()
	if err := writeSynced(tmp, time.Time{}, data); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return syncDir(filepath.Dir(path))
}

func (s *store) replaceJSON(path string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.replaceFile(path, append(data, '\n'))
}

func readJSON(path string, value any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, value); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// tmpName returns a path in tmp that nobody else uses.
func (s *store) tmpName() string {
	return filepath.Join(s.tmp, fmt.Sprintf("%d", s.serial.Add(1)))
}

// withoutPaths drops file names from an error: they spell out mail addresses, which stay out of logs and replies.
func withoutPaths(err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		return fmt.Errorf("%s: %w", pathErr.Op, pathErr.Err)
	case errors.As(err, &linkErr):
		return fmt.Errorf("%s: %w", linkErr.Op, linkErr.Err)
	}
	return err
}
