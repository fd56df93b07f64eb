package world

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

// compactAt is how many superfluous lines flags.log may gather before it is written anew.
const compactAt = 4096

// A stored message is an immutable value: a change of flags puts a new one in its place.
type stored struct {
	uid     imap.UID
	size    int64
	date    time.Time // INTERNALDATE
	flags   flagSet
	changed uint64 // the folder's change that gave it these flags
}

// A folder is one IMAP mailbox in memory and on disk. Changes on disk are made under write, one after the other, and
// become visible under mu, which is never held during I/O: nobody who reads waits for a sync.
type folder struct {
	store *store
	box   *mailbox
	order uint64 // write locks of several folders are taken in this order

	write    sync.Mutex
	logLines int

	mu       sync.Mutex
	dir      string
	name     string
	attrs    folderFile // what folder.json says, but for the name
	messages []stored   // ascending by UID
	next     imap.UID
	keywords flagSet
	changes  uint64
	signal   chan struct{} // closed and replaced at each change
	gone     bool

	uidValidity uint32
}

// folderFile is folder.json.
type folderFile struct {
	Name        string             `json:"name"`
	UIDValidity uint32             `json:"uid_validity"`
	Subscribed  bool               `json:"subscribed,omitempty"`
	SpecialUse  []imap.MailboxAttr `json:"special_use,omitempty"`
}

func (s *store) newFolder(box *mailbox, dir string, file folderFile) *folder {
	return &folder{
		store: s, box: box, order: s.serial.Add(1), dir: dir, name: file.Name, attrs: file,
		uidValidity: file.UIDValidity, next: 1, signal: make(chan struct{}),
	}
}

// loadFolder reads a folder: which messages there are from the directory, their flags from the log.
func (s *store) loadFolder(box *mailbox, dir string) (*folder, error) {
	var file folderFile
	if err := readJSON(filepath.Join(dir, "folder.json"), &file); err != nil {
		return nil, err
	}
	f := s.newFolder(box, dir, file)
	log, err := readLog(f.logPath())
	if err != nil {
		return nil, err
	}
	f.next, f.logLines = log.next, log.lines
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		digits, isMail := strings.CutSuffix(entry.Name(), ".eml")
		uid, err := strconv.ParseUint(digits, 10, 32)
		if !isMail || err != nil || uid == 0 {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		m := stored{uid: imap.UID(uid), size: info.Size(), date: info.ModTime().UTC(), flags: log.flags[imap.UID(uid)]}
		f.messages = append(f.messages, m)
		f.next = max(f.next, m.uid+1)
		f.noteKeywords(m.flags)
	}
	slices.SortFunc(f.messages, func(a, b stored) int { return cmp.Compare(a.uid, b.uid) })
	if log.damaged > 0 {
		s.log.Warn("mail world: dropped flags that were written only in part", "lines", log.damaged)
	}
	if log.damaged > 0 || f.logLines > f.logNeeds() {
		return f, f.compact()
	}
	return f, nil
}

func (f *folder) logPath() string { return filepath.Join(f.path(), "flags.log") }

func (f *folder) mailPath(uid imap.UID) string {
	return filepath.Join(f.path(), strconv.FormatUint(uint64(uid), 10)+".eml")
}

func (f *folder) path() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dir
}

func (f *folder) file() folderFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	file := f.attrs
	file.Name, file.UIDValidity = f.name, f.uidValidity
	return file
}

func (f *folder) moved(name, dir string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.name, f.dir = name, dir
}

// vanish empties a deleted folder for those who have it selected.
func (f *folder) vanish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone, f.messages = true, nil
	f.changedLocked()
}

// changedLocked counts a change and wakes whoever waits for one.
func (f *folder) changedLocked() uint64 {
	f.changes++
	close(f.signal)
	f.signal = make(chan struct{})
	return f.changes
}

// watch returns a channel that is closed at the next change.
func (f *folder) watch() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.signal
}

func (f *folder) noteKeywords(flags flagSet) {
	for _, flag := range flags {
		if !strings.HasPrefix(string(flag), `\`) && !f.keywords.has(flag) {
			f.keywords = newFlagSet(append(slices.Clone(f.keywords), flag))
		}
	}
}

// snapshot returns the messages as they are now; the slice belongs to the caller.
func (f *folder) snapshot() []stored {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.messages)
}

func (f *folder) uids() []imap.UID {
	messages := f.snapshot()
	uids := make([]imap.UID, len(messages))
	for i, m := range messages {
		uids[i] = m.uid
	}
	return uids
}

// find returns the messages of the given UIDs that still exist.
func (f *folder) find(uids []imap.UID) []stored {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := make([]stored, 0, len(uids))
	for _, uid := range uids {
		if i, ok := f.indexLocked(uid); ok {
			found = append(found, f.messages[i])
		}
	}
	return found
}

func (f *folder) indexLocked(uid imap.UID) (int, bool) {
	return slices.BinarySearchFunc(f.messages, uid, func(m stored, uid imap.UID) int {
		return cmp.Compare(m.uid, uid)
	})
}

// read returns the bytes of a message. It errs with fs.ErrNotExist when somebody has expunged it.
func (f *folder) read(uid imap.UID) ([]byte, error) {
	raw, err := os.ReadFile(f.mailPath(uid))
	if err != nil {
		// The folder may just have been renamed.
		raw, err = os.ReadFile(f.mailPath(uid))
	}
	return raw, err
}

// logNeeds is how many lines flags.log would have if it were written now.
func (f *folder) logNeeds() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	needs := 1
	for _, m := range f.messages {
		if len(m.flags) > 0 {
			needs++
		}
	}
	return needs
}

// log appends lines to flags.log. The caller holds write.
func (f *folder) log(lines ...logLine) error {
	if err := appendLog(f.logPath(), lines); err != nil {
		return fmt.Errorf("write flags: %w", err)
	}
	f.logLines += len(lines)
	return nil
}

// compactIfLong writes flags.log anew when it is mostly history. The caller holds write.
func (f *folder) compactIfLong() {
	if f.logLines < 2*f.logNeeds()+compactAt {
		return
	}
	if err := f.compact(); err != nil {
		// What was to be kept is in the old log: nothing is lost, it only stays long.
		f.store.log.Warn("mail world: cannot shorten a flags log", "error", withoutPaths(err))
	}
}

func (f *folder) compact() error {
	f.mu.Lock()
	lines := []logLine{{Next: f.next}}
	for _, m := range f.messages {
		if len(m.flags) > 0 {
			lines = append(lines, logLine{UID: m.uid, Flags: m.flags})
		}
	}
	f.mu.Unlock()
	data, err := encodeLines(lines)
	if err != nil {
		return err
	}
	if err := f.store.replaceFile(f.logPath(), data); err != nil {
		return fmt.Errorf("shorten the flags log: %w", err)
	}
	f.logLines = len(lines)
	return nil
}
