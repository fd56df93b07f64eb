package objects

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Config says where a bucket is.
type Config struct {
	Endpoint string // https://host[:port]; http for a store on the same machine or network
	Bucket   string // exists already
	Region   string // "": the store's default
	Prefix   string // before every key, for a bucket that others use too
	Access   string // key id; "" with Secret "": the environment, the files and the machine's role of AWS
	Secret   string
}

// Bucket keeps objects. It is safe for concurrent use.
type Bucket struct {
	client *minio.Client
	config Config
}

// patience is how long the store may take to begin to answer.
const patience = 15 * time.Second

// Open makes a bucket's client. It connects when it is first used: a desk starts without its store, too.
func Open(c Config) (*Bucket, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("the store of attachments must be an address as https://host, not %q", c.Endpoint)
	}
	if c.Bucket == "" {
		return nil, fmt.Errorf("the store of attachments needs the name of a bucket")
	}
	transport, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("the store of attachments: %w", err)
	}
	transport.ResponseHeaderTimeout = patience
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentialsOf(c), Secure: u.Scheme == "https", Region: c.Region, Transport: transport,
		MaxRetries: 3, // whoever asks has a person waiting
	})
	if err != nil {
		return nil, fmt.Errorf("the store of attachments: %w", err)
	}
	return &Bucket{client: client, config: c}, nil
}

func credentialsOf(c Config) *credentials.Credentials {
	if c.Access != "" || c.Secret != "" {
		return credentials.NewStaticV4(c.Access, c.Secret, "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Client: &http.Client{Timeout: patience}},
	})
}

// Put stores size bytes under a key.
func (b *Bucket) Put(ctx context.Context, key string, content io.Reader, size int64) error {
	_, err := b.client.PutObject(ctx, b.config.Bucket, b.config.Prefix+key, content, size, minio.PutObjectOptions{
		ContentType: "application/octet-stream", DisableMultipart: true, // at most 25 MB, and whole or not there
	})
	if err != nil {
		return fmt.Errorf("store an object: %w", err)
	}
	return nil
}

// Open reads an object from that byte on. That there is none shows at once.
func (b *Bucket) Open(ctx context.Context, key string, from int64) (io.ReadCloser, error) {
	options := minio.GetObjectOptions{}
	if from > 0 {
		if err := options.SetRange(from, 0); err != nil {
			return nil, fmt.Errorf("read an object: %w", err)
		}
	}
	core := minio.Core{Client: b.client}
	body, _, _, err := core.GetObject(ctx, b.config.Bucket, b.config.Prefix+key, options)
	if err != nil {
		return nil, fmt.Errorf("read an object: %w", err)
	}
	return body, nil
}

// Remove takes an object away; one that is not there is as good.
func (b *Bucket) Remove(ctx context.Context, key string) error {
	err := b.client.RemoveObject(ctx, b.config.Bucket, b.config.Prefix+key, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return fmt.Errorf("remove an object: %w", err)
	}
	return nil
}

// Check reports whether the bucket is there and may be used.
func (b *Bucket) Check(ctx context.Context) error {
	there, err := b.client.BucketExists(ctx, b.config.Bucket)
	if err != nil {
		return fmt.Errorf("look for the bucket %s: %w", b.config.Bucket, err)
	}
	if !there {
		return fmt.Errorf("there is no bucket %s", b.config.Bucket)
	}
	return nil
}
