package world

import (
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// A view is one client's picture of the folder it has selected: which message has which sequence number, and which
// change it was told of last. News is found by comparing the picture with the folder, not by a queue: imapserver's
// SessionTracker loses the wake-up of what is queued between the last poll and the IDLE that follows.
type view struct {
	folder   *folder
	readOnly bool

	mu       sync.Mutex
	uids     []imap.UID // by sequence number - 1
	told     uint64     // the folder's change up to which the client knows flags
	expunged bool       // something is gone that could not be told yet
	own      map[imap.UID]uint64
	keywords int
	saved    imap.UIDSet // SEARCHRES, RFC 5182
}

func newView(f *folder, readOnly bool) *view {
	v := &view{folder: f, readOnly: readOnly, own: make(map[imap.UID]uint64)}
	f.mu.Lock()
	defer f.mu.Unlock()
	v.told, v.keywords = f.changes, len(f.keywords)
	for _, m := range f.messages {
		v.uids = append(v.uids, m.uid)
	}
	return v
}

// A hit is a message that a client's number set names.
type hit struct {
	seq uint32
	uid imap.UID
}

// news is what a client has to be told.
type news struct {
	expunged []uint32 // sequence numbers, each valid when its turn comes
	exists   bool
	flags    []flagNews
	keywords []imap.Flag
}

type flagNews struct {
	hit
	flags flagSet
}

// sync tells the client what has changed. Without allowExpunge, removals wait for a later call (RFC 9051 §7.5.1).
func (v *view) sync(w *imapserver.UpdateWriter, allowExpunge bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.compare(allowExpunge)
	for _, seq := range n.expunged {
		if err := w.WriteExpunge(seq); err != nil {
			return fmt.Errorf("tell expunge: %w", err)
		}
	}
	if n.exists {
		if err := w.WriteNumMessages(uint32(len(v.uids))); err != nil {
			return fmt.Errorf("tell new messages: %w", err)
		}
	}
	if n.keywords != nil {
		if err := w.WriteMailboxFlags(n.keywords); err != nil {
			return fmt.Errorf("tell keywords: %w", err)
		}
	}
	for _, change := range n.flags {
		if err := w.WriteMessageFlags(change.seq, change.uid, change.flags); err != nil {
			return fmt.Errorf("tell flags: %w", err)
		}
	}
	return nil
}

// compare brings the picture up to date and returns what the client does not know yet.
func (v *view) compare(allowExpunge bool) news {
	f := v.folder
	f.mu.Lock()
	defer f.mu.Unlock()
	var n news
	if f.changes == v.told && !v.expunged {
		return n
	}
	n.expunged = v.findExpungedLocked(allowExpunge)
	known := len(v.uids)
	last := imap.UID(0)
	if known > 0 {
		last = v.uids[known-1]
	}
	for _, m := range f.messages {
		if m.uid > last {
			v.uids = append(v.uids, m.uid)
			continue
		}
		if m.changed <= v.told || v.own[m.uid] == m.changed {
			continue
		}
		if at, ok := slices.BinarySearch(v.uids, m.uid); ok {
			n.flags = append(n.flags, flagNews{hit{uint32(at + 1), m.uid}, m.flags})
		}
	}
	n.exists = len(v.uids) > known
	if len(f.keywords) != v.keywords {
		v.keywords = len(f.keywords)
		n.keywords = f.flagsLocked()
	}
	v.told = f.changes
	clear(v.own)
	return n
}

// findExpungedLocked lists the messages that are gone, the last first, so that no number changes before its turn.
func (v *view) findExpungedLocked(allowed bool) []uint32 {
	var numbers []uint32
	kept := make([]imap.UID, 0, len(v.uids))
	for i, uid := range v.uids {
		if _, ok := v.folder.indexLocked(uid); ok {
			kept = append(kept, uid)
		} else {
			numbers = append(numbers, uint32(i+1))
		}
	}
	v.expunged = len(numbers) > 0 && !allowed
	if !allowed {
		return nil
	}
	v.uids = kept
	slices.Reverse(numbers)
	return numbers
}

// flagsLocked lists the flags of the folder, system flags first.
func (f *folder) flagsLocked() []imap.Flag {
	return slices.Concat(systemFlags, f.keywords)
}

// ownFlags notes that the client knows the flags it has just set itself, unless somebody else changed them too
// without its knowledge.
func (v *view) ownFlags(before, after []stored) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range after {
		if before[i].changed <= v.told || v.own[before[i].uid] == before[i].changed {
			v.own[after[i].uid] = after[i].changed
		}
	}
}

// hits returns the messages that a number set names, in ascending order.
func (v *view) hits(set imap.NumSet) []hit {
	v.mu.Lock()
	defer v.mu.Unlock()
	if imap.IsSearchRes(set) {
		set = v.saved
	}
	var hits []hit
	switch set := set.(type) {
	case imap.SeqSet:
		for _, r := range set {
			from, to := ascending(r.Start, r.Stop, uint32(len(v.uids)))
			for seq := max(from, 1); seq <= min(to, uint32(len(v.uids))); seq++ {
				hits = append(hits, hit{seq, v.uids[seq-1]})
			}
		}
	case imap.UIDSet:
		for _, r := range set {
			from, to := ascending(uint32(r.Start), uint32(r.Stop), v.lastUIDLocked())
			at := sort.Search(len(v.uids), func(i int) bool { return uint32(v.uids[i]) >= from })
			for ; at < len(v.uids) && uint32(v.uids[at]) <= to; at++ {
				hits = append(hits, hit{uint32(at + 1), v.uids[at]})
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return int(a.seq) - int(b.seq) })
	return slices.Compact(hits)
}

func (v *view) lastUIDLocked() uint32 {
	if len(v.uids) == 0 {
		return 0
	}
	return uint32(v.uids[len(v.uids)-1])
}

// ascending puts a range in order; 0 stands for "*", the highest number in use.
func ascending(start, stop, highest uint32) (from, to uint32) {
	if start == 0 {
		start = highest
	}
	if stop == 0 {
		stop = highest
	}
	return min(start, stop), max(start, stop)
}

func uidsOf(hits []hit) []imap.UID {
	uids := make([]imap.UID, len(hits))
	for i, h := range hits {
		uids[i] = h.uid
	}
	return uids
}

func uidSet(uids []imap.UID) imap.UIDSet {
	var set imap.UIDSet
	set.AddNum(uids...)
	return set
}
