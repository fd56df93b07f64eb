package world

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// format is the layout of DIR that this program writes and reads.
const format = 1

// errClosed says that the world has ended.
var errClosed = errors.New("the mail world is closed")

// A store is the directory and what is known of it in memory.
type store struct {
	dir, tmp string
	log      *slog.Logger
	serial   atomic.Uint64 // names of files in tmp, order of folder locks

	mu           sync.Mutex
	boxes        map[string]*mailbox // by canonical stem
	lastValidity uint32
	closed       bool
	busy         sync.WaitGroup // sessions and calls that may touch the directory
	unlock       func() error
}

// openStore takes possession of the directory and reads it. The errors are for the operator: they name the directory.
func openStore(dir string, log *slog.Logger) (_ *store, err error) {
	s := &store{dir: dir, tmp: filepath.Join(dir, "tmp"), log: log, boxes: make(map[string]*mailbox)}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the mail directory: %w", err)
	}
	fresh, err := s.inspect()
	if err != nil {
		return nil, err
	}
	if s.unlock, err = lockFile(filepath.Join(dir, "lock")); err != nil {
		return nil, fmt.Errorf("lock the mail directory %s: %w", dir, err)
	}
	if err := s.recover(fresh); err != nil {
		return nil, errors.Join(err, s.unlock())
	}
	return s, nil
}

// inspect refuses a directory with foreign content and tells whether it is new to us. It changes nothing.
func (s *store) inspect() (fresh bool, err error) {
	var found struct {
		Format int `json:"format"`
	}
	err = readJSON(s.marker(), &found)
	switch {
	case err == nil && found.Format != format:
		return false, fmt.Errorf("the mail directory %s has format %d, this program knows %d: choose another directory",
			s.dir, found.Format, format)
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("read the mail directory: %w", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return false, fmt.Errorf("read the mail directory: %w", err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "lock" && name != "tmp" && name != "mailboxes" {
			return false, fmt.Errorf("the mail directory %s holds other files (%s): choose an empty one", s.dir, name)
		}
	}
	return true, nil
}

func (s *store) marker() string { return filepath.Join(s.dir, "world.json") }

// recover removes what an earlier process left half done and reads the rest.
func (s *store) recover(fresh bool) error {
	if err := os.RemoveAll(s.tmp); err != nil {
		return fmt.Errorf("empty the mail directory's tmp: %w", err)
	}
	mailboxes := filepath.Join(s.dir, "mailboxes")
	for _, dir := range []string{s.tmp, mailboxes} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the mail directory: %w", err)
		}
	}
	if fresh {
		if err := s.replaceJSON(s.marker(), map[string]int{"format": format}); err != nil {
			return fmt.Errorf("mark the mail directory: %w", err)
		}
	}
	entries, err := os.ReadDir(mailboxes)
	if err != nil {
		return fmt.Errorf("read the mail directory: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		box, err := s.loadMailbox(filepath.Join(mailboxes, entry.Name()))
		if err != nil {
			return fmt.Errorf("read a mailbox: %w", err)
		}
		s.boxes[box.address] = box
	}
	return nil
}

// enter begins something that may touch the directory; leave must follow unless it errs.
func (s *store) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.busy.Add(1)
	return nil
}

func (s *store) leave() { s.busy.Done() }

// close waits for everything that was begun and gives the directory back.
func (s *store) close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.busy.Wait()
	return s.unlock()
}

// nextValidity returns a UIDVALIDITY that no folder had before.
func (s *store) nextValidity() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextValidityLocked()
}

func (s *store) nextValidityLocked() uint32 {
	s.lastValidity = max(s.lastValidity+1, uint32(time.Now().Unix()))
	return s.lastValidity
}

// mailbox returns the mailbox of a stem and makes it if there is none.
func (s *store) mailbox(address string) (*mailbox, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if box := s.boxes[address]; box != nil {
		return box, nil
	}
	box, err := s.makeMailboxLocked(address)
	if err != nil {
		return nil, fmt.Errorf("make a mailbox: %w", err)
	}
	s.boxes[address] = box
	return box, nil
}

// existing returns the mailbox of a stem, or nil.
func (s *store) existing(address string) *mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boxes[address]
}

// makeMailboxLocked builds a mailbox with its INBOX in tmp and moves it into place.
func (s *store) makeMailboxLocked(address string) (*mailbox, error) {
	building := s.tmpName()
	if err := os.Mkdir(building, 0o700); err != nil {
		return nil, err
	}
	if err := s.replaceJSON(filepath.Join(building, "mailbox.json"), mailboxFile{Address: address}); err != nil {
		return nil, err
	}
	inbox := folderFile{Name: inboxName, UIDValidity: s.nextValidityLocked()}
	if err := s.buildFolder(filepath.Join(building, fileName(inboxName)), inbox); err != nil {
		return nil, err
	}
	dir := filepath.Join(s.dir, "mailboxes", fileName(address))
	if err := os.Rename(building, dir); err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	box := &mailbox{store: s, address: address, dir: dir, folders: make(map[string]*folder)}
	box.folders[inboxName] = s.newFolder(box, filepath.Join(dir, fileName(inboxName)), inbox)
	return box, nil
}

// buildFolder makes an empty folder on disk.
func (s *store) buildFolder(dir string, file folderFile) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return s.replaceJSON(filepath.Join(dir, "folder.json"), file)
}
