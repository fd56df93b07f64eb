package world

import (
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// Create implements imapserver.Session.
func (s *session) Create(name string, options *imap.CreateOptions) error {
	return s.during(AtCreate, func() error { return s.box.create(name, options.SpecialUse) })
}

// Delete implements imapserver.Session.
func (s *session) Delete(name string) error { return s.reply(s.box.remove(name)) }

// Rename implements imapserver.Session.
func (s *session) Rename(from, to string, _ *imap.RenameOptions) error {
	return s.reply(s.box.rename(from, to))
}

// Subscribe implements imapserver.Session.
func (s *session) Subscribe(name string) error { return s.subscribe(name, true) }

// Unsubscribe implements imapserver.Session.
func (s *session) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *session) subscribe(name string, on bool) error {
	f, err := s.box.folder(name)
	if err == nil {
		err = f.subscribe(on)
	}
	return s.reply(err)
}

// Namespace implements imapserver.SessionNamespace: one personal namespace (RFC 2342).
func (s *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delimiter}}}, nil
}

// List implements imapserver.Session.
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, options *imap.ListOptions) error {
	if len(patterns) == 0 { // only the delimiter was asked for, RFC 9051 §6.3.9
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	folders := s.box.list()
	names := make([]string, len(folders))
	for i, f := range folders {
		names[i] = f.file().Name
	}
	for i, f := range folders {
		if !listed(names[i], ref, patterns) {
			continue
		}
		if data := f.listData(options, names); data != nil {
			if err := w.WriteList(data); err != nil {
				return err
			}
		}
	}
	return nil
}

func listed(name, ref string, patterns []string) bool {
	for _, pattern := range patterns {
		if imapserver.MatchList(name, delimiter, ref, foldName(pattern)) {
			return true
		}
	}
	return false
}

// listData returns what LIST says of the folder, or nil if the options leave it out.
func (f *folder) listData(options *imap.ListOptions, all []string) *imap.ListData {
	file := f.file()
	if options.SelectSubscribed && !file.Subscribed || options.SelectSpecialUse && len(file.SpecialUse) == 0 {
		return nil
	}
	data := &imap.ListData{Mailbox: file.Name, Delim: delimiter}
	if file.Subscribed && (options.ReturnSubscribed || options.SelectSubscribed) {
		data.Attrs = append(data.Attrs, imap.MailboxAttrSubscribed)
	}
	if options.ReturnChildren {
		attr := imap.MailboxAttrHasNoChildren
		for _, name := range all {
			if strings.HasPrefix(name, file.Name+string(delimiter)) {
				attr = imap.MailboxAttrHasChildren
			}
		}
		data.Attrs = append(data.Attrs, attr)
	}
	data.Attrs = append(data.Attrs, file.SpecialUse...)
	if options.ReturnStatus != nil {
		data.Status = f.status(options.ReturnStatus)
	}
	return data
}

// Status implements imapserver.Session.
func (s *session) Status(name string, options *imap.StatusOptions) (*imap.StatusData, error) {
	f, err := s.box.folder(name)
	if err != nil {
		return nil, err
	}
	return f.status(options), nil
}

// status fills in everything: the library sends what was asked for.
func (f *folder) status(options *imap.StatusOptions) *imap.StatusData {
	f.mu.Lock()
	defer f.mu.Unlock()
	var unseen, deleted, recent uint32
	var size, deletedSize int64
	for _, m := range f.messages {
		size += m.size
		if !m.flags.has(imap.FlagSeen) {
			unseen++
		}
		if m.flags.has(imap.FlagDeleted) {
			deleted++
			deletedSize += m.size
		}
	}
	total := uint32(len(f.messages))
	data := &imap.StatusData{
		Mailbox: f.name, NumMessages: &total, UIDNext: f.next, UIDValidity: f.uidValidity,
		NumUnseen: &unseen, NumDeleted: &deleted, Size: &size, DeletedStorage: &deletedSize,
	}
	if options.NumRecent {
		data.NumRecent = &recent
	}
	return data
}

// Append implements imapserver.Session.
func (s *session) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	var data *imap.AppendData
	err := s.during(AtAppend, func() error {
		f, err := s.box.folder(name)
		if err != nil {
			return errTryCreate
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		uid, err := f.add(raw, options.Flags, options.Time)
		if err == nil && s.wire.has(imap.CapUIDPlus) {
			data = &imap.AppendData{UID: uid, UIDValidity: f.file().UIDValidity}
		}
		return err
	})
	return data, err
}
