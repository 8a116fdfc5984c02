// Sends a file as tus-js-client does, trying again after each interruption. Arguments: endpoint, token, file, metadata,
// and options of the client's that replace these.
import { readFileSync } from "node:fs";
import { Upload } from "tus-js-client";

const [endpoint, token, file, metadata, options] = process.argv.slice(2);
let last = null;
const upload = new Upload(readFileSync(file), {
  endpoint,
  metadata: JSON.parse(metadata),
  headers: { Authorization: `Bearer ${token}` },
  ...JSON.parse(options),
  onAfterResponse: (_request, response) => {
    last = { status: response.getStatus(), state: response.getHeader("Upload-State"), sha256: response.getHeader("Upload-SHA256") };
  },
  onError: (error) => {
    console.log(JSON.stringify({ error: String(error) }));
    process.exit(1);
  },
  onSuccess: () => console.log(JSON.stringify({ url: upload.url, ...last })),
});
upload.start();
