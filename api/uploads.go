package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// uploadTime is how long a file may take on its way in or out: at the largest size, 45 kB a second.
const uploadTime = 10 * time.Minute

// UploadAttachment takes a file ahead of the message that it will go with. It lies in a nameless file of this machine
// until it is whole: a slow sender holds neither memory nor a connection to the database.
func (s *server) UploadAttachment(c *gin.Context, q openapi.UploadAttachmentParams) {
	name, ok := dispositionName(value(q.ContentDisposition))
	if !ok {
		s.fail(c, problemOfFaults([]fault{{parameter: "Content-Disposition", code: "disposition"}}))
		return
	}
	ctl := http.NewResponseController(c.Writer)
	_ = ctl.SetReadDeadline(time.Now().Add(uploadTime)) // a server of tests has none
	_ = ctl.SetWriteDeadline(time.Now().Add(uploadTime + portTime))
	if c.Request.ContentLength > maxFile {
		s.fail(c, problem{kind: tooLarge})
		return
	}
	spool, err := newSpool()
	if err != nil {
		s.told(c, err)
		return
	}
	defer func() { _ = spool.Close() }()
	u := ticket.Upload{By: askerOf(c).actor().Key(), Name: name}
	var head []byte
	if u.Size, u.Hash, head, err = spooled(spool, http.MaxBytesReader(c.Writer, c.Request.Body, maxFile)); err != nil {
		s.failUpload(c, err)
		return
	}
	u.Type = typeOf(head, c.GetHeader("Content-Type"), name)
	ctx, done := budget(c)
	defer done()
	if u, err = s.Uploads.KeepUpload(ctx, u, spool); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, openapi.Upload{Id: u.ID, Name: u.Name, Type: u.Type, Size: u.Size, Sha256: hex.EncodeToString(u.Hash[:]), ExpiresAt: u.ExpiresAt.UTC()})
}

// newSpool opens a file that goes with its last reader, also when this process is killed.
func newSpool() (*os.File, error) {
	f, err := os.CreateTemp("", "duradesk-upload-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// errSpool says that this machine could not take what came: it is nobody's fault who sent it.
var errSpool = errors.New("keep what is uploaded on this machine's disk")

// spooled copies a file to the disk, and learns of it on the way what there is to know.
func spooled(to *os.File, from io.Reader) (size int64, hash [32]byte, head []byte, err error) {
	sum, w := sha256.New(), &disk{f: to}
	size, err = io.Copy(io.MultiWriter(w, sum), from)
	if w.err != nil {
		err = errors.Join(errSpool, w.err)
	}
	if err != nil {
		return 0, hash, nil, err
	}
	copy(hash[:], sum.Sum(nil))
	head = make([]byte, min(size, 512)) // what http.DetectContentType looks at
	_, err = to.ReadAt(head, 0)
	return size, hash, head, err
}

// disk remembers what went wrong with it, to tell that from a sender who went away.
type disk struct {
	f   *os.File
	err error
}

func (d *disk) Write(p []byte) (n int, err error) {
	n, err = d.f.Write(p)
	d.err = err
	return n, err
}

func (s *server) failUpload(c *gin.Context, err error) {
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		s.fail(c, problem{kind: tooLarge})
	case errors.Is(err, errSpool):
		s.told(c, err)
	default:
		s.fail(c, problemOfFaults([]fault{{code: "cut_off"}}))
	}
}

// dispositionName reads the name of a file (RFC 6266, with RFC 8187 for other letters); a file without one is called file.
func dispositionName(header string) (name string, ok bool) {
	if header == "" {
		return "file", true
	}
	_, params, err := mime.ParseMediaType(header)
	if err != nil {
		return "", false
	}
	name = params["filename"]
	if name == "" {
		return "file", true
	}
	o := newObject(map[string]any{"name": name})
	name = o.text("name", rule{needed: true, min: 1, max: 255, line: true, solid: true})
	return fileName(name), len(*o.faults) == 0
}

// uploads looks that every file that a message names by the id of an upload is the asker's own. o is what the message
// stands in.
func (s *server) uploads(ctx context.Context, who asker, o *object, m *ticket.NewMessage) error {
	if m == nil {
		return nil
	}
	at := 0
	for i, f := range m.Files {
		if f.DraftFile != "" {
			continue
		}
		if f.Upload != "" {
			u, err := s.Uploads.Upload(ctx, who.actor().Key(), f.Upload)
			switch {
			case ticket.CodeOf(err) == ticket.NotFound:
				one := &object{at: o.pointer("message") + "/attachments/" + itoa(at), faults: o.faults}
				one.blameWorld("id", "unknown_upload", nil)
			case err != nil:
				return err
			}
			m.Files[i].Name, m.Files[i].Type, m.Files[i].Size = u.Name, u.Type, u.Size
		}
		at++
	}
	return nil
}
