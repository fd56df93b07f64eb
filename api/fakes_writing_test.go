package api

import (
	"context"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// fakeDrafts keeps drafts in memory: one of each agent, ticket and kind.
type fakeDrafts struct {
	mu   sync.Mutex
	list []ticket.Draft
	data map[string][]byte
	away error
}

func (f *fakeDrafts) Drafts(_ context.Context, agent string, n ticket.Number) ([]ticket.Draft, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []ticket.Draft
	for _, d := range f.list {
		if n == 0 && d.Agent == agent || d.Number == n && (d.Agent == agent || d.Shared) {
			out = append(out, d)
		}
	}
	return out, f.away
}

func (f *fakeDrafts) find(agent string, n ticket.Number, which string) int {
	return slices.IndexFunc(f.list, func(d ticket.Draft) bool {
		return d.Number == n && (d.ID == which && (d.Agent == agent || d.Shared) || d.Kind.String() == which && d.Agent == agent)
	})
}

func (f *fakeDrafts) Draft(_ context.Context, agent string, n ticket.Number, which string) (ticket.Draft, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.find(agent, n, which); i >= 0 {
		return f.list[i], f.away
	}
	return ticket.Draft{}, none("draft")
}

func (f *fakeDrafts) SaveDraft(_ context.Context, d ticket.Draft) (ticket.Draft, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.data == nil {
		f.data = map[string][]byte{}
	}
	which := d.ID
	if which == "" {
		which = d.Kind.String()
	}
	i := f.find(d.Agent, d.Number, which)
	switch {
	case i < 0 && d.ID != "", i >= 0 && f.list[i].Agent != d.Agent:
		return d, none("draft")
	case i < 0:
		d.ID, d.Why, d.AgentName = draftID(len(f.list)), ticket.DraftWritten, d.Agent
		f.list = append(f.list, d)
		i = len(f.list) - 1
	default:
		d.ID, d.Kind, d.Why, d.AgentName = f.list[i].ID, f.list[i].Kind, f.list[i].Why, d.Agent
	}
	for j, file := range d.Message.Files {
		if file.DraftFile == "" && file.Upload != "" {
			file.DraftFile, file.Upload = draftID(1000+len(f.data)), ""
			f.data[file.DraftFile] = nil
			d.Message.Files[j] = file
		} else if file.DraftFile == "" {
			file.DraftFile, file.Size = draftID(1000+len(f.data)), int64(len(file.Data))
			f.data[file.DraftFile], file.Data = file.Data, nil
			d.Message.Files[j] = file
		}
	}
	if d.Message.Format == "" {
		d.Message.Format = "markdown"
	}
	f.list[i] = d
	return d, f.away
}

// drafting lets everybody write a draft, which all may read, and returns a file of it.
func (f *fake) drafting(t *testing.T) (file string) {
	t.Helper()
	for _, agent := range []string{"sato", "lead", "admin"} {
		d := ticket.Draft{Agent: agent, Number: 1042, Kind: ticket.AgentResponse, Shared: true}
		d.Message = ticket.NewMessage{Body: "Dear", Files: []ticket.NewFile{{Name: "a.txt", Type: "text/plain", Data: []byte("a")}}}
		saved, err := f.drafts.SaveDraft(t.Context(), d)
		require.NoError(t, err)
		file = saved.Message.Files[0].DraftFile
	}
	return file
}

func draftID(n int) string {
	s := strconv.Itoa(n)
	return "0191d3c0-7a51-7cc0-9d53-000000000000"[:36-len(s)] + s
}

func (f *fakeDrafts) DropDraft(_ context.Context, agent string, n ticket.Number, which string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(agent, n, which)
	if i < 0 || f.list[i].Agent != agent {
		return none("draft")
	}
	f.list = slices.Delete(f.list, i, i+1)
	return f.away
}

func (f *fakeDrafts) NamedDraftFile(ctx context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, error) {
	a, _, err := f.DraftFile(ctx, agent, n, id)
	return a, err
}

func (f *fakeDrafts) DraftFile(_ context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, io.ReadSeekCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.list {
		for _, file := range d.Message.Files {
			if file.DraftFile == id && d.Number == n && (d.Agent == agent || d.Shared) {
				return ticket.Attachment{ID: id, Name: file.Name, Type: file.Type, Size: file.Size}, inMemory(f.data[id]), f.away
			}
		}
	}
	return ticket.Attachment{}, nil, none("file")
}

// fakeUploads keeps uploads in memory.
type fakeUploads struct {
	mu   sync.Mutex
	list []ticket.Upload
	data [][]byte
	away error
	now  time.Time
}

func (f *fakeUploads) KeepUpload(_ context.Context, u ticket.Upload, content io.ReadSeeker) (ticket.Upload, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return u, err
	}
	data, err := io.ReadAll(content)
	if err != nil {
		return u, err
	}
	u.ID, u.ExpiresAt = draftID(2000+len(f.list)), f.now.Add(ticket.UploadLife)
	f.list, f.data = append(f.list, u), append(f.data, data)
	return u, f.away
}

func (f *fakeUploads) find(by, id string) int {
	return slices.IndexFunc(f.list, func(u ticket.Upload) bool { return u.ID == id && u.By == by })
}

func (f *fakeUploads) Upload(_ context.Context, by, id string) (ticket.Upload, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.find(by, id); i >= 0 {
		return f.list[i], f.away
	}
	return ticket.Upload{}, none("upload")
}

func (f *fakeUploads) OpenUpload(_ context.Context, by, id string) (ticket.Attachment, io.ReadSeekCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.find(by, id); i >= 0 {
		u := f.list[i]
		return ticket.Attachment{ID: u.ID, Name: u.Name, Type: u.Type, Size: u.Size}, inMemory(f.data[i]), f.away
	}
	return ticket.Attachment{}, nil, none("upload")
}

// fakeLetters writes as a desk with one mailbox does.
type fakeLetters fake

func (f *fakeLetters) Preview(_ context.Context, n ticket.Number, k ticket.Kind, agent string, m ticket.NewMessage) (ticket.Mail, error) {
	f.mu.Lock()
	rec := *f.tickets[n]
	f.mu.Unlock()
	out := ticket.Mail{
		Occasion: map[ticket.Kind]string{ticket.Hold: "interim", ticket.Resolve: "final", ticket.AgentResponse: "answer"}[k], Number: n, Title: rec.Title, Language: rec.Language,
		From: ticket.Address{Name: "サポート", Address: "support@desk.example"}, InReplyTo: "m@client.example", Client: rec.Client.Name, Agent: agent, Desk: "サポート",
		Body: m.Body, Format: m.Format, Files: m.Files, Signature: "-- サポート",
	}
	to := m.To
	if f.spokenIn != "" {
		out.Channel, out.Spoken = f.spokenIn, "room"
	} else if len(to) == 0 && rec.Client.Email != "" {
		to = []string{rec.Client.Email}
	}
	for _, a := range to {
		out.To = append(out.To, ticket.Address{Address: a})
	}
	return out, f.away
}

func (f *fakeLetters) ForbiddenFor(_ context.Context, desk string) ([]Forbidden, error) {
	if desk != "support" {
		return nil, f.away
	}
	return f.taboo, f.away
}

type fakeHabits fake

func (f *fakeHabits) ListLook(_ context.Context, agent string) (ticket.ListLook, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l, ok := f.looks[agent]; ok {
		return l, f.away
	}
	return ticket.DefaultListLook(), f.away
}

func (f *fakeHabits) SetListLook(_ context.Context, agent string, l ticket.ListLook) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks == nil {
		f.looks = map[string]ticket.ListLook{}
	}
	f.looks[agent] = l
	return f.away
}

func (f *fakeHabits) StaffSettings(_ context.Context, agent string) (ticket.StaffSettings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.habits[agent]; ok {
		return s, f.away
	}
	return ticket.DefaultStaffSettings(), f.away
}

func (f *fakeHabits) SetStaffSettings(_ context.Context, agent string, s ticket.StaffSettings) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.habits == nil {
		f.habits = map[string]ticket.StaffSettings{}
	}
	if agent == "lead" && s.QuietFrom == "11:11" {
		return &ticket.Error{Code: ticket.Invalid, Field: "/notice_mail", Key: "notice_to_mailbox", Message: "a mailbox"}
	}
	f.habits[agent] = s
	return f.away
}
