package main

import (
	"context"
	"io"

	"duradesk/api"
	"duradesk/postgres"
	"duradesk/ticket"
)

// drafts joins the API's port for what is being written to the record.
type drafts struct{ s *postgres.Store }

func (d drafts) Drafts(ctx context.Context, agent string, n ticket.Number) ([]ticket.Draft, error) {
	list, err := d.s.Drafts(ctx, agent, n)
	return list, away(err)
}

func (d drafts) Draft(ctx context.Context, agent string, n ticket.Number, which string) (ticket.Draft, error) {
	found, err := d.s.Draft(ctx, agent, n, which)
	return found, away(err)
}

func (d drafts) SaveDraft(ctx context.Context, draft ticket.Draft) (ticket.Draft, error) {
	saved, err := d.s.SaveDraft(ctx, draft)
	return saved, away(err)
}

func (d drafts) DropDraft(ctx context.Context, agent string, n ticket.Number, which string) error {
	return away(d.s.DropDraft(ctx, agent, n, which))
}

func (d drafts) NamedDraftFile(ctx context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, error) {
	file, err := d.s.NamedDraftFile(ctx, agent, n, id)
	return file, away(err)
}

func (d drafts) DraftFile(ctx context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, io.ReadSeekCloser, error) {
	file, content, err := d.s.DraftFile(ctx, agent, n, id)
	return file, content, away(err)
}

// uploads joins the API's port for files that wait for their messages to the record.
type uploads struct{ s *postgres.Store }

func (u uploads) KeepUpload(ctx context.Context, up ticket.Upload, content io.ReadSeeker) (ticket.Upload, error) {
	kept, err := u.s.KeepUpload(ctx, up, content)
	return kept, away(err)
}

func (u uploads) Upload(ctx context.Context, by, id string) (ticket.Upload, error) {
	found, err := u.s.Upload(ctx, by, id)
	return found, away(err)
}

func (u uploads) OpenUpload(ctx context.Context, by, id string) (ticket.Attachment, io.ReadSeekCloser, error) {
	file, content, err := u.s.OpenUpload(ctx, by, id)
	return file, content, away(err)
}

// letters joins the API's port for mails that are not written yet to the record.
type letters struct {
	s *postgres.Store
	q *postgres.Queue
}

func (l letters) Preview(ctx context.Context, n ticket.Number, k ticket.Kind, agent string, m ticket.NewMessage) (ticket.Mail, error) {
	mail, err := l.q.Preview(ctx, n, k, agent, m)
	return mail, away(err)
}

func (l letters) ForbiddenFor(ctx context.Context, desk string) ([]api.Forbidden, error) {
	list, err := l.s.ForbiddenFor(ctx, desk)
	return convert(list, func(w postgres.ForbiddenWord) api.Forbidden {
		return api.Forbidden{Word: w.Word, Action: w.Action, Note: w.Note}
	}), away(err)
}

// habits joins the API's port for what members of staff have chosen to the record.
type habits struct{ s *postgres.Store }

func (h habits) StaffSettings(ctx context.Context, agent string) (ticket.StaffSettings, error) {
	set, err := h.s.StaffSettings(ctx, agent)
	return set, away(err)
}

func (h habits) SetStaffSettings(ctx context.Context, agent string, set ticket.StaffSettings) error {
	return away(h.s.SetStaffSettings(ctx, agent, set))
}

func (h habits) ListLook(ctx context.Context, agent string) (ticket.ListLook, error) {
	look, err := h.s.ListLook(ctx, agent)
	return look, away(err)
}

func (h habits) SetListLook(ctx context.Context, agent string, look ticket.ListLook) error {
	return away(h.s.SetListLook(ctx, agent, look))
}
