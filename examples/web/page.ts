/** The page that shows readings as they arrive, and can post one. */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Readings</title>
<h1>Readings</h1>
<form>
  <label>Sensor <input name="sensor" value="roof" required></label>
  <label>Celsius <input name="celsius" value="21.5" required></label>
  <button>Post</button>
</form>
<p role="status"></p>
<ol reversed></ol>
<script>
  const list = document.querySelector("ol");
  const status = document.querySelector("[role=status]");
  // The browser sends the last id when it reconnects.
  const live = new EventSource("/readings/live");
  live.onmessage = ({ lastEventId, data }) => {
    const { sensor, celsius } = JSON.parse(data);
    const item = document.createElement("li");
    item.value = Number(lastEventId);
    item.textContent = sensor + ": " + celsius + " °C";
    list.prepend(item);
  };
  document.querySelector("form").onsubmit = async (submitted) => {
    submitted.preventDefault();
    const { sensor, celsius } = Object.fromEntries(new FormData(submitted.target));
    const body = JSON.stringify({ sensor, celsius: Number(celsius) });
    const answer = await fetch("/readings", { method: "POST", body });
    const { id, error } = await answer.json();
    status.textContent = answer.ok ? "stored as " + id : error;
  };
</script>
</html>
`;
