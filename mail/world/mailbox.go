package world

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
)

const (
	inboxName = "INBOX"
	delimiter = '/'
)

var (
	errNoFolder = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNonExistent, Text: "No such folder"}
	errExists   = &imap.Error{
		Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAlreadyExists,
		Text: "A folder of that name exists (case does not count)",
	}
	errFolderName = &imap.Error{
		Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "A folder cannot have that name",
	}
	errInbox = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "INBOX always exists"}
)

// A mailbox is everything of one address.
type mailbox struct {
	store   *store
	address string
	dir     string

	mu      sync.Mutex
	folders map[string]*folder
}

// mailboxFile is mailbox.json.
type mailboxFile struct {
	Address string `json:"address"`
	// LastUIDValidity keeps the UIDVALIDITY of a deleted folder from being given again.
	LastUIDValidity uint32 `json:"last_uid_validity,omitempty"`
}

func (s *store) loadMailbox(dir string) (*mailbox, error) {
	var file mailboxFile
	if err := readJSON(filepath.Join(dir, "mailbox.json"), &file); err != nil {
		return nil, err
	}
	s.lastValidity = max(s.lastValidity, file.LastUIDValidity)
	box := &mailbox{store: s, address: file.Address, dir: dir, folders: make(map[string]*folder)}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		f, err := s.loadFolder(box, filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		s.lastValidity = max(s.lastValidity, f.uidValidity)
		box.folders[f.name] = f
	}
	if box.folders[inboxName] == nil {
		return nil, fmt.Errorf("%s has no INBOX", dir)
	}
	return box, nil
}

// folder returns the folder of that name or errNoFolder.
func (b *mailbox) folder(name string) (*folder, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.folderLocked(name)
}

func (b *mailbox) folderLocked(name string) (*folder, error) {
	if f := b.folders[foldName(name)]; f != nil {
		return f, nil
	}
	return nil, errNoFolder
}

func (b *mailbox) inbox() *folder {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.folders[inboxName]
}

// list returns the folders by name, INBOX first.
func (b *mailbox) list() []*folder {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := make([]string, 0, len(b.folders))
	for name := range b.folders {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, c string) int {
		if (a == inboxName) != (c == inboxName) {
			return boolOrder(a == inboxName)
		}
		return strings.Compare(a, c)
	})
	folders := make([]*folder, len(names))
	for i, name := range names {
		folders[i] = b.folders[name]
	}
	return folders
}

func boolOrder(first bool) int {
	if first {
		return -1
	}
	return 1
}

// foldName gives INBOX its one spelling (RFC 9051 §5.1).
func foldName(name string) string {
	if strings.EqualFold(name, inboxName) {
		return inboxName
	}
	return name
}

// checkNewLocked says why no folder of that name can be made. Names that differ only in case are one name here, as
// they are on file systems that ignore case.
func (b *mailbox) checkNewLocked(name string) error {
	if name == "" || len(name) > maxAddress || strings.ContainsAny(name, "\x00\r\n*%") ||
		slices.Contains(strings.Split(name, string(delimiter)), "") {
		return errFolderName
	}
	for have := range b.folders {
		if strings.EqualFold(have, name) {
			return errExists
		}
	}
	return nil
}

// create makes an empty folder.
func (b *mailbox) create(name string, specialUse []imap.MailboxAttr) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err := b.createLocked(strings.TrimSuffix(name, string(delimiter)), specialUse)
	return err
}

func (b *mailbox) createLocked(name string, specialUse []imap.MailboxAttr) (*folder, error) {
	if err := b.checkNewLocked(name); err != nil {
		return nil, err
	}
	file := folderFile{Name: name, UIDValidity: b.store.nextValidity(), SpecialUse: specialUse}
	building, dir := b.store.tmpName(), b.folderDir(name)
	if err := b.store.buildFolder(building, file); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if err := errors.Join(os.Rename(building, dir), syncDir(b.dir)); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	f := b.store.newFolder(b, dir, file)
	b.folders[name] = f
	return f, nil
}

// folderDir returns a free directory for a folder. The plain one may be taken by a folder of another name, if a crash
// came in the middle of a rename.
func (b *mailbox) folderDir(name string) string {
	dir := filepath.Join(b.dir, fileName(name))
	for try := 2; ; try++ {
		if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
			return dir
		}
		dir = filepath.Join(b.dir, fmt.Sprintf("%s~%d", fileName(name), try))
	}
}

// remove deletes a folder with its messages. Whoever has it selected sees them expunged.
func (b *mailbox) remove(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	name = foldName(name)
	f, err := b.folderLocked(name)
	if err != nil {
		return err
	}
	if name == inboxName {
		return errInbox
	}
	f.write.Lock()
	defer f.write.Unlock()
	file := mailboxFile{Address: b.address, LastUIDValidity: b.store.nextValidity()}
	if err := b.store.replaceJSON(filepath.Join(b.dir, "mailbox.json"), file); err != nil {
		return fmt.Errorf("delete a folder: %w", err)
	}
	waste := b.store.tmpName()
	if err := errors.Join(os.Rename(f.path(), waste), syncDir(b.dir)); err != nil {
		return fmt.Errorf("delete a folder: %w", err)
	}
	delete(b.folders, name)
	f.vanish()
	return os.RemoveAll(waste)
}

// rename gives a folder and its children another name. Renaming INBOX moves its messages into a new folder and
// leaves INBOX empty (RFC 9051 §6.3.6).
func (b *mailbox) rename(from, to string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	from, to = foldName(from), strings.TrimSuffix(to, string(delimiter))
	f, err := b.folderLocked(from)
	if err != nil {
		return err
	}
	if from == inboxName {
		target, err := b.createLocked(to, nil)
		if err != nil {
			return err
		}
		_, _, err = f.moveTo(target, f.uids())
		return err
	}
	renames := map[string]string{from: to}
	for name := range b.folders {
		if child, ok := strings.CutPrefix(name, from+string(delimiter)); ok {
			renames[name] = to + string(delimiter) + child
		}
	}
	for _, name := range renames {
		if err := b.checkNewLocked(name); err != nil {
			return err
		}
	}
	for old, name := range renames {
		if err := b.renameOneLocked(b.folders[old], name); err != nil {
			return fmt.Errorf("rename a folder: %w", err)
		}
	}
	return nil
}

// renameOneLocked writes the new name first: the JSON file is what counts, the directory's own name is free.
func (b *mailbox) renameOneLocked(f *folder, name string) error {
	f.write.Lock()
	defer f.write.Unlock()
	file := f.file()
	old := file.Name
	file.Name = name
	if err := b.store.replaceJSON(filepath.Join(f.path(), "folder.json"), file); err != nil {
		return err
	}
	dir := b.folderDir(name)
	if err := errors.Join(os.Rename(f.path(), dir), syncDir(b.dir)); err != nil {
		return err
	}
	f.moved(name, dir)
	delete(b.folders, old)
	b.folders[name] = f
	return nil
}
