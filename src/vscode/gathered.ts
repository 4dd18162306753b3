/** Work that is asked for again and again, and done once a while later. */
export class Gathered {
  readonly #work: () => void;
  readonly #milliseconds: number;
  #waiting: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, work: () => void) {
    this.#milliseconds = milliseconds;
    this.#work = work;
  }

  ask(): void {
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#work();
    }, this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }
}

/** Milliseconds in which changes of a view are gathered. */
const GATHER = 100;

/** How often ages are looked at, in milliseconds. */
const TICK = 60_000;

/** When a view is looked at anew: a while after a change, and once a minute for ages; both only while somebody sees it. */
export class WhileSeen {
  readonly #look: () => void;
  readonly #gathered: Gathered;
  #ticking: NodeJS.Timeout | undefined;
  #isVisible = false;

  constructor(look: () => void) {
    this.#look = look;
    this.#gathered = new Gathered(GATHER, look);
  }

  /** Whoever does not look is shown all when they do. */
  setVisible(visible: boolean): void {
    this.#isVisible = visible;
    clearInterval(this.#ticking);
    this.#ticking = visible ? setInterval(this.#look, TICK) : undefined;
    if (visible) this.#look();
  }

  ask(): void {
    if (this.#isVisible) this.#gathered.ask();
  }

  /** It has been looked at: what was asked for by now is done. */
  settle(): void {
    this.#gathered.end();
  }

  dispose(): void {
    clearInterval(this.#ticking);
    this.#gathered.end();
  }
}
