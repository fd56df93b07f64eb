package world

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/emersion/go-imap/v2"
)

// copyTo puts copies of messages, flags and dates included, into another folder: all or none. It returns the UIDs
// here and there, in step.
func (f *folder) copyTo(target *folder, uids []imap.UID) (from, to []imap.UID, err error) {
	messages := f.find(uids)
	placements := make([]placement, 0, len(messages))
	for _, m := range messages {
		p := placement{folder: target, tmp: f.store.tmpName(), flags: m.flags, size: m.size, date: m.date}
		if err := f.duplicate(m, p.tmp); err != nil {
			for _, p := range placements {
				_ = os.Remove(p.tmp)
			}
			return nil, nil, fmt.Errorf("copy message: %w", err)
		}
		placements, from = append(placements, p), append(from, m.uid)
	}
	if len(placements) == 0 {
		return nil, nil, nil
	}
	to, err = place(placements)
	return from, to, err
}

// duplicate makes a second name for a message, or a second file where the file system knows no links. Both are safe,
// since a message never changes.
func (f *folder) duplicate(m stored, path string) error {
	if os.Link(f.mailPath(m.uid), path) == nil {
		return nil
	}
	raw, err := f.read(m.uid)
	if err != nil {
		return err
	}
	return writeSynced(path, m.date, raw)
}

// moveTo moves messages to another folder, each by one rename: it is in the one or in the other, never in both.
func (f *folder) moveTo(target *folder, uids []imap.UID) (from, to []imap.UID, err error) {
	for _, locked := range lockForWriting([]placement{{folder: f}, {folder: target}}) {
		defer locked.write.Unlock()
	}
	var arrived []stored
	defer func() {
		f.drop(from)
		target.publish(arrived...)
	}()
	messages := f.find(uids)
	if len(messages) == 0 {
		return nil, nil, nil
	}
	if err := f.keepNext(); err != nil {
		return nil, nil, err
	}
	for _, m := range messages {
		uid, err := target.takeUID()
		if err != nil {
			return from, to, err
		}
		p := placement{folder: target, tmp: f.mailPath(m.uid), flags: m.flags}
		if err := p.intoPlace(uid); err != nil {
			return from, to, err
		}
		from, to = append(from, m.uid), append(to, uid)
		m.uid = uid
		arrived = append(arrived, m)
	}
	return from, to, errors.Join(syncDir(target.path()), syncDir(f.path()))
}

// renumber gives the folder a new UIDVALIDITY and, if asked, new UIDs from 1 on, as a server does that lost its index.
func (f *folder) renumber(newUIDs bool) (uint32, error) {
	f.write.Lock()
	defer f.write.Unlock()
	file := f.file()
	file.UIDValidity = f.store.nextValidity()
	messages := f.snapshot()
	next := imap.UID(len(messages) + 1)
	if newUIDs {
		for i := range messages {
			uid := imap.UID(i + 1) // never above the old one, so nothing is overwritten
			if err := os.Rename(f.mailPath(messages[i].uid), f.mailPath(uid)); err != nil {
				return 0, fmt.Errorf("renumber messages: %w", err)
			}
			messages[i].uid = uid
		}
	}
	if err := f.store.replaceJSON(filepath.Join(f.path(), "folder.json"), file); err != nil {
		return 0, fmt.Errorf("change UIDVALIDITY: %w", err)
	}
	f.mu.Lock()
	f.uidValidity, f.messages = file.UIDValidity, messages
	if newUIDs {
		f.next = next
	}
	f.changedLocked()
	f.mu.Unlock()
	return file.UIDValidity, f.compact()
}

// subscribe sets or clears the folder's subscription.
func (f *folder) subscribe(on bool) error {
	f.write.Lock()
	defer f.write.Unlock()
	file := f.file()
	file.Subscribed = on
	if err := f.store.replaceJSON(filepath.Join(f.path(), "folder.json"), file); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attrs.Subscribed = on
	return nil
}
