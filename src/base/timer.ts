/** What one gets for asking to be called later. */
export interface Timer {
  cancel(): void;
}
