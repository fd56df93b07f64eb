package world

import (
	"errors"
	"io/fs"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// Fetch implements imapserver.Session. Messages that somebody else has expunged meanwhile are left out.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	v := s.selected()
	hits := v.hits(set)
	return s.during(AtFetch, func() error {
		seen, err := s.markSeen(v, hits, options)
		if err != nil {
			return err
		}
		wanted := *options
		wanted.Flags = wanted.Flags || seen
		return s.fetch(w, v, hits, &wanted)
	})
}

// markSeen sets \Seen where a part is read without PEEK (RFC 9051 §6.4.5).
func (s *session) markSeen(v *view, hits []hit, options *imap.FetchOptions) (bool, error) {
	peek := true
	for _, section := range options.BodySection {
		peek = peek && section.Peek
	}
	for _, section := range options.BinarySection {
		peek = peek && section.Peek
	}
	if peek || v.readOnly {
		return false, nil
	}
	before, after, err := v.folder.setFlags(uidsOf(hits), imap.StoreFlagsAdd, []imap.Flag{imap.FlagSeen})
	if err != nil {
		return false, err
	}
	v.ownFlags(before, after)
	return true, nil
}

func (s *session) fetch(w *imapserver.FetchWriter, v *view, hits []hit, options *imap.FetchOptions) error {
	messages := v.folder.find(uidsOf(hits))
	for _, h := range hits {
		if len(messages) == 0 || messages[0].uid != h.uid {
			continue
		}
		m := messages[0]
		messages = messages[1:]
		var raw []byte
		if needsRaw(options) {
			var err error
			if raw, err = v.folder.read(m.uid); errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return err
			}
			if s.cutting {
				s.cutting = false
				s.wire.cutAfter(len("* 1 FETCH (UID 1 BODY[] {1}\r\n") + len(raw)/2)
			}
		}
		if err := writeMessage(w.CreateMessage(h.seq), m, raw, options); err != nil {
			return errors.Join(errDropped, err) // the client is gone
		}
	}
	return nil
}

// Store implements imapserver.Session.
func (s *session) Store(
	w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions,
) error {
	v := s.selected()
	return s.during(AtStore, func() error {
		if v.readOnly {
			return errReadOnly
		}
		hits := v.hits(set)
		before, after, err := v.folder.setFlags(uidsOf(hits), flags.Op, flags.Flags)
		if err != nil {
			return err
		}
		v.ownFlags(before, after)
		if flags.Silent {
			return nil
		}
		return s.fetch(w, v, hits, &imap.FetchOptions{Flags: true})
	})
}

// Expunge implements imapserver.Session; the library's poll tells the client. CLOSE comes here too, and must leave a
// read-only folder as it is.
func (s *session) Expunge(_ *imapserver.ExpungeWriter, only *imap.UIDSet) error {
	v := s.selected()
	return s.during(AtExpunge, func() error {
		switch {
		case only != nil && !s.wire.has(imap.CapUIDPlus):
			return errHidden
		case v.readOnly && only == nil:
			return nil
		case v.readOnly:
			return errReadOnly
		case only != nil:
			return v.folder.expunge(uidsOf(v.hits(*only)))
		}
		return v.folder.expunge(v.folder.uids())
	})
}

// Copy implements imapserver.Session.
func (s *session) Copy(set imap.NumSet, name string) (data *imap.CopyData, err error) {
	v := s.selected()
	err = s.during(AtCopy, func() error {
		target, err := s.box.folder(name)
		if err != nil {
			return errTryCreate
		}
		from, to, err := v.folder.copyTo(target, uidsOf(v.hits(set)))
		if err == nil && len(to) > 0 && s.wire.has(imap.CapUIDPlus) {
			data = copyData(target, from, to)
		}
		return err
	})
	return data, err
}

// Move implements imapserver.SessionMove; the library's poll tells the client what is gone.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, name string) error {
	v := s.selected()
	return s.during(AtMove, func() error {
		if !s.wire.has(imap.CapMove) {
			return errHidden
		}
		if v.readOnly {
			return errReadOnly
		}
		target, err := s.box.folder(name)
		if err != nil {
			return errTryCreate
		}
		if target == v.folder {
			return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "It is there already"}
		}
		from, to, err := v.folder.moveTo(target, uidsOf(v.hits(set)))
		if err != nil || len(to) == 0 || !s.wire.has(imap.CapUIDPlus) {
			return err
		}
		return w.WriteCopyData(copyData(target, from, to))
	})
}

func copyData(target *folder, from, to []imap.UID) *imap.CopyData {
	return &imap.CopyData{
		UIDValidity: target.file().UIDValidity, SourceUIDs: uidSet(from), DestUIDs: uidSet(to),
	}
}

// Search implements imapserver.Session.
func (s *session) Search(
	kind imapserver.NumKind, criteria *imap.SearchCriteria, options *imap.SearchOptions,
) (data *imap.SearchData, err error) {
	v := s.selected()
	err = s.during(AtSearch, func() error {
		found, err := v.search(criteria)
		if err != nil {
			return err
		}
		data = searchData(kind, found)
		if options.ReturnSave {
			v.save(found)
		}
		return nil
	})
	return data, err
}

func searchData(kind imapserver.NumKind, found []hit) *imap.SearchData {
	data := &imap.SearchData{Count: uint32(len(found))}
	var numbers imap.SeqSet
	uids := uidSet(uidsOf(found))
	for _, h := range found {
		number := h.seq
		if kind == imapserver.NumKindUID {
			number = uint32(h.uid)
		}
		numbers.AddNum(h.seq)
		if data.Min == 0 {
			data.Min = number
		}
		data.Max = number
	}
	if data.All = numbers; kind == imapserver.NumKindUID {
		data.All = uids
	}
	return data
}
