package api

import (
	"duradesk/ticket"
)

// withinLimits holds the files of a message to what its desk takes: of one file, and of all of a mail.
func (h *hand) withinLimits(o *object, desk string, m *ticket.NewMessage) {
	if m == nil || len(m.Files) == 0 || h.err != nil || desk == "" {
		return
	}
	if manner, there := h.manner(desk); there {
		holdFiles(&object{at: o.pointer("message"), faults: o.faults}, m.Files, manner)
	}
}

func holdFiles(o *object, files []ticket.NewFile, manner ticket.Manner) {
	var sum int64
	drafts, attached := 0, 0
	for _, f := range files {
		list, at, size := "attachments", attached, int64(len(f.Data))
		switch {
		case f.DraftFile != "":
			list, at, size = "draft_files", drafts, f.Size
			drafts++
		case f.Upload != "":
			size = f.Size
			attached++
		default:
			attached++
		}
		if sum += size; size > int64(manner.AttachmentMB)<<20 {
			one := &object{at: o.pointer(list), faults: o.faults}
			one.blame(itoa(at), tooLargeField, map[string]string{"max": itoa(manner.AttachmentMB)})
		}
	}
	if sum > int64(manner.MailMB)<<20 {
		*o.faults = append(*o.faults, fault{pointer: o.at, code: tooLargeField, args: map[string]string{"max": itoa(manner.MailMB)}})
	}
}
