// The first signature is the example in Amazon's documentation of presigned URLs.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { awsCredentials, mskToken, presignedUrl } from "../../../../src/drivers/kafka/settings/msk_iam.ts";
import { InvalidOptionError } from "../../../../src/errors.ts";
import { test } from "../../../harness.ts";

const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

test("an address is signed as Amazon's example says", () => {
  const url = presignedUrl({
    host: "examplebucket.s3.amazonaws.com",
    path: "/test.txt",
    query: {},
    service: "s3",
    region: "us-east-1",
    expiresSeconds: 86_400,
    payloadHash: "UNSIGNED-PAYLOAD",
    credentials,
    now: new Date("2013-05-24T00:00:00Z"),
  });
  assertEquals(
    url,
    "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
      "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
      "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
      "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

test("a token is a signed address for the action of connecting, in Base64 without padding", () => {
  const now = new Date("2026-01-02T03:04:05.678Z");
  const token = mskToken("eu-west-1", { ...credentials, sessionToken: "a+b/c=" }, now);
  assertEquals(/^[A-Za-z0-9_-]+$/.test(token), true);
  const url = new URL(Buffer.from(token, "base64url").toString());
  assertEquals(url.origin + url.pathname, "https://kafka.eu-west-1.amazonaws.com/");
  assertEquals(url.searchParams.get("Action"), "kafka-cluster:Connect");
  assertEquals(url.searchParams.get("X-Amz-Date"), "20260102T030405Z");
  assertEquals(url.searchParams.get("X-Amz-Expires"), "900");
  assertEquals(url.searchParams.get("X-Amz-Security-Token"), "a+b/c=");
  assertStringIncludes(
    url.searchParams.get("X-Amz-Credential")!,
    "/20260102/eu-west-1/kafka-cluster/aws4_request",
  );
  assertStringIncludes(url.search, "&User-Agent=");
});

test("credentials come from the environment, or are reported as missing", () => {
  assertEquals(
    awsCredentials({ AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "" }),
    {
      accessKeyId: "k",
      secretAccessKey: "s",
      sessionToken: undefined,
    },
  );
  assertThrows(() => awsCredentials({ AWS_ACCESS_KEY_ID: "k" }), InvalidOptionError, "AWS_SECRET_ACCESS_KEY");
});
