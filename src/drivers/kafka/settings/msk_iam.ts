import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import process from "node:process";
import { InvalidOptionError } from "../../../errors.ts";

/** Credentials of Amazon Web Services. */
interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** A request with the signature in its URL. */
interface PresignRequest {
  host: string;
  path: string;
  /** Query parameters to sign, besides those of the signature. */
  query: Record<string, string>;
  service: string;
  region: string;
  expiresSeconds: number;
  /** SHA-256 of the body in hexadecimal, or `UNSIGNED-PAYLOAD`. */
  payloadHash: string;
  credentials: AwsCredentials;
  now: Date;
}

const TOKEN_SECONDS = 900;
const EMPTY_HASH = createHash("sha256").update("").digest("hex");

/** The credentials in the environment; throws `InvalidOptionError` if they are missing. */
export function awsCredentials(environment: NodeJS.ProcessEnv = process.env): AwsCredentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new InvalidOptionError(
      "aws_msk_iam",
      'Cannot use octopus driver option "aws_msk_iam": the environment variables AWS_ACCESS_KEY_ID and ' +
        "AWS_SECRET_ACCESS_KEY are not both set",
    );
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN || undefined,
  };
}

/** A token for Amazon MSK: the URL of a signed connect request, valid for 15 minutes. */
export function mskToken(region: string, credentials: AwsCredentials, now: Date): string {
  const address = presignedUrl({
    host: `kafka.${region}.amazonaws.com`,
    path: "/",
    query: { Action: "kafka-cluster:Connect" },
    service: "kafka-cluster",
    region,
    expiresSeconds: TOKEN_SECONDS,
    payloadHash: EMPTY_HASH,
    credentials,
    now,
  });
  // Added after signing: brokers require it, but it is not part of the signature.
  return Buffer.from(`${address}&User-Agent=diaspora-stream`).toString("base64url");
}

/** The URL of a GET request, signed with AWS Signature Version 4. */
export function presignedUrl(request: PresignRequest): string {
  const { host, path, service, region, credentials, now } = request;
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const parameters: Record<string, string> = {
    ...request.query,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${credentials.accessKeyId}/${scope}`,
    "X-Amz-Date": time,
    "X-Amz-Expires": String(request.expiresSeconds),
    "X-Amz-SignedHeaders": "host",
  };
  if (credentials.sessionToken !== undefined) parameters["X-Amz-Security-Token"] = credentials.sessionToken;
  const query = Object.entries(parameters)
    .map(([name, value]): [string, string] => [encodeStrictly(name), encodeStrictly(value)])
    .sort(([one], [other]) => one < other ? -1 : 1)
    .map(([name, value]) => `${name}=${value}`).join("&");
  const canonical = ["GET", path, query, `host:${host}`, "", "host", request.payloadHash].join("\n");
  const toSign = [
    "AWS4-HMAC-SHA256",
    time,
    scope,
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  let key: Uint8Array | string = `AWS4${credentials.secretAccessKey}`;
  for (const part of [day, region, service, "aws4_request"]) {
    key = createHmac("sha256", key).update(part).digest();
  }
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  return `https://${host}${path}?${query}&X-Amz-Signature=${signature}`;
}

/** `encodeURIComponent` leaves five characters unencoded that the signature requires encoded. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
