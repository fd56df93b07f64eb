package world

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// A placement is a message that waits in tmp for its UID in a folder.
type placement struct {
	folder *folder
	tmp    string
	flags  flagSet
	size   int64
	date   time.Time
}

// prepare writes a message to tmp, synced, ready to be placed. Its parts are written one after the other.
func (f *folder) prepare(date time.Time, flags flagSet, parts ...[]byte) (placement, error) {
	p := placement{folder: f, tmp: f.store.tmpName(), flags: flags, date: date.UTC()}
	for _, part := range parts {
		p.size += int64(len(part))
	}
	if err := writeSynced(p.tmp, date, parts...); err != nil {
		return p, fmt.Errorf("write message: %w", err)
	}
	return p, nil
}

// place gives each message the next UID of its folder and makes all of them visible at once, or none and errs. What
// is left of them in tmp is removed either way.
func place(placements []placement) (uids []imap.UID, err error) {
	defer func() {
		for _, p := range placements {
			if err != nil {
				_ = os.Remove(p.tmp) // gone already where it was renamed
			}
		}
	}()
	folders := lockForWriting(placements)
	defer func() {
		for _, f := range folders {
			f.write.Unlock()
		}
	}()
	uids = make([]imap.UID, len(placements))
	for i, p := range placements {
		if uids[i], err = p.folder.takeUID(); err == nil {
			err = p.intoPlace(uids[i])
		}
		if err != nil {
			return nil, errors.Join(err, displace(placements[:i], uids))
		}
	}
	for _, f := range folders {
		if err = syncDir(f.path()); err != nil {
			return nil, errors.Join(fmt.Errorf("sync folder: %w", err), displace(placements, uids))
		}
	}
	for i, p := range placements {
		p.folder.publish(stored{uid: uids[i], size: p.size, date: p.date, flags: p.flags})
	}
	return uids, nil
}

// lockForWriting locks each folder once, in the one order that all use.
func lockForWriting(placements []placement) []*folder {
	var folders []*folder
	for _, p := range placements {
		if !slices.Contains(folders, p.folder) {
			folders = append(folders, p.folder)
		}
	}
	slices.SortFunc(folders, func(a, b *folder) int { return cmp.Compare(a.order, b.order) })
	for _, f := range folders {
		f.write.Lock()
	}
	return folders
}

// takeUID returns the next UID; it counts as used even if nothing comes of it.
func (f *folder) takeUID() (imap.UID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone {
		return 0, errNoFolder
	}
	uid := f.next
	f.next++
	return uid, nil
}

func (p placement) intoPlace(uid imap.UID) error {
	if len(p.flags) > 0 {
		// Before the message: it must not be seen without its flags after a crash. "next" keeps them from a later
		// message, should this one never arrive.
		if err := p.folder.log(logLine{UID: uid, Flags: p.flags, Next: uid + 1}); err != nil {
			return err
		}
	}
	if err := os.Rename(p.tmp, p.folder.mailPath(uid)); err != nil {
		return fmt.Errorf("put message into folder: %w", err)
	}
	return nil
}

// displace takes back messages that were put into place but not shown to anybody yet.
func displace(placements []placement, uids []imap.UID) error {
	var errs []error
	for i, p := range placements {
		errs = append(errs, os.Remove(p.folder.mailPath(uids[i])))
	}
	return errors.Join(errs...)
}

// publish shows messages to everybody.
func (f *folder) publish(messages ...stored) {
	if len(messages) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	change := f.changedLocked()
	for _, m := range messages {
		m.changed = change
		f.messages = append(f.messages, m)
		f.noteKeywords(m.flags)
	}
}

// setFlags changes the flags of messages as a STORE says and returns them as they are then, together with what they
// were; UIDs without a message are left out.
func (f *folder) setFlags(uids []imap.UID, op imap.StoreFlagsOp, flags []imap.Flag) (before, after []stored, err error) {
	f.write.Lock()
	defer f.write.Unlock()
	before = f.find(uids)
	after = slices.Clone(before)
	var lines []logLine
	for i := range after {
		after[i].flags = before[i].flags.apply(op, flags)
		if !slices.Equal(after[i].flags, before[i].flags) {
			lines = append(lines, logLine{UID: after[i].uid, Flags: after[i].flags})
		}
	}
	if len(lines) == 0 {
		return before, after, nil
	}
	if err := f.log(lines...); err != nil {
		return nil, nil, err
	}
	f.showFlags(before, after)
	f.compactIfLong()
	return before, after, nil
}

func (f *folder) showFlags(before, after []stored) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change := f.changedLocked()
	for i := range after {
		if slices.Equal(after[i].flags, before[i].flags) {
			continue
		}
		after[i].changed = change
		f.noteKeywords(after[i].flags)
		if at, ok := f.indexLocked(after[i].uid); ok {
			f.messages[at] = after[i]
		}
	}
}

// expunge removes the messages flagged \Deleted among those given.
func (f *folder) expunge(uids []imap.UID) error {
	f.write.Lock()
	defer f.write.Unlock()
	var gone []imap.UID
	defer func() { f.drop(gone) }()
	messages := slices.DeleteFunc(f.find(uids), func(m stored) bool { return !m.flags.has(imap.FlagDeleted) })
	if len(messages) == 0 {
		return nil
	}
	if err := f.keepNext(); err != nil {
		return err
	}
	for _, m := range messages {
		if err := os.Remove(f.mailPath(m.uid)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("expunge: %w", err)
		}
		gone = append(gone, m.uid)
	}
	f.compactIfLong()
	return syncDir(f.path())
}

// keepNext makes sure that no UID in use is given again, whatever disappears next. The caller holds write.
func (f *folder) keepNext() error {
	f.mu.Lock()
	next := f.next
	f.mu.Unlock()
	return f.log(logLine{Next: next})
}

// drop forgets messages; the UIDs ascend.
func (f *folder) drop(uids []imap.UID) {
	if len(uids) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.messages = slices.DeleteFunc(f.messages, func(m stored) bool {
		_, gone := slices.BinarySearch(uids, m.uid)
		return gone
	})
	f.changedLocked()
}
