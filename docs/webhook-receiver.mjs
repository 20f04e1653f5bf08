import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  const { 'fairlead-timestamp': time = '', 'fairlead-signature': signature = '' } = request.headers;
  const hash = createHmac('sha256', process.env.FAIRLEAD_KEY).update(`${time}.`).update(body).digest('hex');
  const [given, wanted] = [Buffer.from(signature), Buffer.from(`v1=${hash}`)];
  const isTrue = given.length === wanted.length && timingSafeEqual(given, wanted);
  const isFresh = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  response.writeHead(isTrue && isFresh ? 204 : 401).end();
  if (isTrue && isFresh) console.log(request.headers['fairlead-event'], JSON.parse(body).headline);
}).listen(process.env.PORT ?? 8080, '127.0.0.1');
